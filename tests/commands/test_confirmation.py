"""The private confirmation of a rollback in the local Slack: its button stays for as long as it can still count."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.replies import NOT_RECORDED
from runbooks.store import Fold
from runbooks.vocabulary import Actor
from sandbox.slack import LocalSlack
from tests.commands.seat import CHANNEL, Seat, edge_of, serving
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import Proxy, proxied

pytestmark = pytest.mark.slack
Seated = tuple[Seat, Proxy]


@pytest.fixture
async def seated(
    store: PostgresStore, store_database: StoreDatabase, folds: Mapping[str, Fold], local_slack: LocalSlack
) -> AsyncIterator[Seated]:
    """Riley may roll back; the database is behind a proxy. `store` has the whole house checked at the end."""
    async with proxied(store_database.url) as line, _world(line.url, folds) as world:
        riley = Actor(f"{local_slack.workspace.team_id}/{local_slack.users['riley']}")
        world.members.groups["sre"] = {riley}
        await world.adopted("v1")
        async with serving(edge_of(world), local_slack):
            yield Seat(world, local_slack.person("riley")), line


@asynccontextmanager
async def _world(url: str, folds: Mapping[str, Fold]) -> AsyncIterator[World]:
    async with Pool(url) as pool:
        world = World(PostgresStore(pool, folds))
        world.use(PostgresStore(pool, folds, now=lambda: world.now))
        yield world


async def test_while_the_database_is_silent_the_confirmation_stays_and_counts_once_it_answers(seated: Seated) -> None:
    seat, line = seated
    confirmation = await seat.types("/rollback api")
    line.refuse = True
    line.cut()
    refusal = await seat.clicks(confirmation, "Roll back now")
    assert refusal.shown == NOT_RECORDED
    first, second = await seat.person.messages(CHANNEL)
    assert (first.buttons, second.ts) == (["Roll back now", "Cancel"], refusal.ts)
    line.refuse = False
    begun = await seat.clicks(first, "Roll back now")
    assert (begun.ts, begun.shown) == (first.ts, "R-1 started: api in production goes back to v1.")


async def test_while_nobody_can_tell_who_may_the_confirmation_stays(seated: Seated) -> None:
    seat, _ = seated
    confirmation = await seat.types("/rollback api")
    seat.world.members.silent = True
    refusal = await seat.clicks(confirmation, "Roll back now")
    assert "Slack did not say who is in which group" in refusal.shown
    assert (await seat.person.messages(CHANNEL))[0].buttons == ["Roll back now", "Cancel"]


async def test_a_refusal_that_stands_takes_the_confirmations_place(seated: Seated) -> None:
    seat, _ = seated
    confirmation = await seat.types("/rollback api")
    await seat.world.adopted("v2")
    refusal = await seat.clicks(confirmation, "Roll back now")
    assert (refusal.ts, refusal.buttons) == (confirmation.ts, [])
    assert refusal.shown.startswith("Not started. What you confirmed has changed")
