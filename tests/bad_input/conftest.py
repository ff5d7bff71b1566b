"""The engine's small world on the real store, with people before it; and a check that a refusal kept nothing."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Fold
from tests.bad_input.desk import Desk
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase

Refusal = Callable[[Awaitable[str] | Awaitable[tuple[bool, str]]], Awaitable[str]]


@pytest.fixture
def desk(store: PostgresStore, store_pool: Pool, store_database: StoreDatabase, folds: Mapping[str, Fold]) -> Desk:
    """`store` is asked for so that the whole house is checked at the end."""
    world = World(store)
    world.use(PostgresStore(store_pool, folds, now=lambda: world.now))
    return Desk(world, store_database.owner_url)


@pytest.fixture
def refused(desk: Desk) -> Refusal:
    """Waits for a gesture that must be refused; the sentence. Nothing may be recorded or done by it."""

    async def refusal(gesture: Awaitable[str] | Awaitable[tuple[bool, str]]) -> str:
        before = desk.records()
        answer = await gesture
        await desk.world.works()
        assert desk.records() == before
        accepted, sentence = answer if isinstance(answer, tuple) else (False, answer)
        assert not accepted, sentence
        return sentence

    return refusal
