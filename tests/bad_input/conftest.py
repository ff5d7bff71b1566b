"""The engine's small world on the real store, with people before it; and a check that a refusal kept nothing."""

from collections.abc import Awaitable, Callable

import pytest

from tests.bad_input.desk import Desk
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase

Refusal = Callable[[Awaitable[str] | Awaitable[tuple[bool, str]]], Awaitable[str]]


@pytest.fixture
def desk(small_world: World, store_database: StoreDatabase) -> Desk:
    return Desk(small_world, store_database.owner_url)


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
