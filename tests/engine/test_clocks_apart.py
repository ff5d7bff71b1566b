"""Replicas on hosts whose clocks are wrong by minutes: what one recorded as a time, another one acts on in time.

The database's clock counts. Each replica carries it on by seconds of its own, as in production.
"""

import asyncio
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.adapters.postgres.clock import SharedClock
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.folds import folds
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.store import LeaseLost
from runbooks.vocabulary import Pending
from tests.engine.interrupting import turning
from tests.engine.world import ALEX, World

WRONG = [-420, -90, 420]  # seconds


class Replica(World):
    """A process of its own on the world's database, whose host's clock is wrong by so many seconds."""

    def __init__(self, world: World, pool: Pool, wrong: float) -> None:
        self._first = world
        super().__init__(world.store, world.outside)
        self._wrong = wrong
        self.clock = SharedClock(self._ask, monotonic=self._seconds)
        self.use(PostgresStore(pool, folds(), now=lambda: world.now, here=self.clock))
        self.engine = replace(self.engine, clock=self.clock)
        self.reception = replace(self.reception, clock=self.clock)

    def _seconds(self) -> float:
        """Of its host's own clock, which can be set while it runs."""
        return self._first.now.timestamp() + self._wrong

    async def _ask(self) -> tuple[float, datetime, float]:
        return self._seconds(), self._first.now, self._seconds()

    async def is_set_by(self, seconds: float) -> None:
        """Its host's clock is moved, and the database asked since."""
        self._wrong += seconds
        await self.clock.look()


@pytest.fixture
async def world(world: World, store_pool: Pool) -> World:
    """Its clock is the database's."""
    world.use(PostgresStore(store_pool, folds(), now=lambda: world.now))
    return world


@pytest.fixture(params=WRONG)
async def other(world: World, store_pool: Pool, request: pytest.FixtureRequest) -> Replica:
    made = Replica(world, store_pool, request.param)
    await made.clock.look()
    return made


async def test_what_is_to_be_looked_at_again_is_when_the_first_one_said(world: World, other: Replica) -> None:
    run_id = await turning(world)
    outcome = (await world.run(run_id)).steps["knob"].outcome
    assert isinstance(outcome, Pending)
    world.outside.turning = False
    world.now = outcome.check_at - timedelta(seconds=1)
    await other.works()
    assert (await world.run(run_id)).status is Status.RUNNING
    world.later(seconds=1)
    await other.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]


async def test_an_approval_can_be_given_to_the_last_second_and_not_after_it(world: World, other: Replica) -> None:
    first = await world.at_the_gate()
    run = await world.run(first)
    world.later(seconds=run.approval_seconds - 1)
    await other.works()
    assert (await world.run(first)).status is Status.RUNNING, "nobody ended it early"
    assert not (await other.approves(first)).refused
    await other.works()
    assert (await world.run(first)).status is Status.SUCCEEDED
    second = await world.at_the_gate("v3")
    world.later(seconds=run.approval_seconds)
    assert (await other.approves(second)).refused == "too-late"
    await other.works()
    assert (await world.run(second)).status is Status.EXPIRED


async def test_an_approval_of_one_replica_is_in_time_for_another(world: World, other: Replica) -> None:
    """What it gave lasts as long as the catalogue says, by whichever clock it was given."""
    run_id = await world.at_the_gate()
    assert not (await other.approves(run_id, ALEX)).refused
    [approval] = (await world.run(run_id)).approvals
    assert approval.expires - world.now == timedelta(seconds=(await world.run(run_id)).approval_seconds)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


@pytest.mark.parametrize("seconds", [-3600, 3600])
async def test_a_clock_that_is_set_in_the_middle_of_a_wait_moves_it_by_nothing(
    world: World, other: Replica, seconds: float
) -> None:
    run_id = await other.at_the_gate()
    await other.is_set_by(seconds)
    wait = (await world.run(run_id)).approval_seconds
    world.later(seconds=wait - 1)
    await other.works()
    assert (await world.run(run_id)).status is Status.RUNNING
    world.later(seconds=1)
    await other.works()
    assert (await world.run(run_id)).status is Status.EXPIRED


async def test_times_of_one_stream_rise_whoever_tells_them(world: World, other: Replica) -> None:
    run_id = await world.at_the_gate()
    world.later(seconds=3)
    await other.approves(run_id)
    world.later(seconds=3)
    await world.works()
    told = [event.at for event in await world.store.history(f"run/{run_id}")]
    assert told == sorted(told)


async def test_what_is_due_for_two_at_once_is_done_by_one(world: World, other: Replica) -> None:
    """A look at what goes on outside, and the end of a wait."""
    run_id = await turning(world)
    world.outside.turning = False
    world.later(seconds=2)
    await asyncio.gather(world.works(), other.works())
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    second = await world.at_the_gate("v3")
    world.later(seconds=(await world.run(second)).approval_seconds)
    await asyncio.gather(world.works(), other.works())
    told = [json.loads(event.data)["kind"] for event in await world.store.history(f"run/{second}")]
    assert told.count("ended") == 1
    assert world.outside.effects == [f"{run_id}/knob"]


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_jump_of_the_databases_clock_does_nothing_twice(world: World, other: Replica, hours: int) -> None:
    """Forward, and the lease of who is at work lapses; back, and it lasts."""

    async def jumps(turn: Turn) -> None:
        world.outside.after = None
        world.later(hours=hours)
        await other.clock.look()
        await other.works()

    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.after = jumps
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(LeaseLost) if hours > 0 else nullcontext():
        await world.store.finish(lease, await world.engine.advance(lease))
    world.later(hours=1)
    await other.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]
