"""Work is due by the database's clock, however wrong that of the process is that says when."""

from datetime import datetime, timedelta

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from tests.store.counter import FOLDS, TestClock, add, added


class Skewed:
    """A process whose clock is wrong by so many seconds."""

    def __init__(self, pool: Pool, clock: TestClock, seconds: int) -> None:
        self.clock, self.wrong = clock, timedelta(seconds=seconds)
        self.store = PostgresStore(pool, FOLDS, now=clock, here=self.here)

    def here(self) -> datetime:
        return self.clock.now + self.wrong

    async def moves(self, *, look_after: int) -> None:
        await add(self.store, "counter/a", added(at=self.here(), look_after=look_after))


@pytest.mark.parametrize("seconds", [-30, 0, 30])
async def test_due_now_is_due_now_and_not_late(store_pool: Pool, clock: TestClock, seconds: int) -> None:
    process = Skewed(store_pool, clock, seconds)
    await process.moves(look_after=0)
    lease = await process.store.claim(["counter"])
    assert lease is not None
    assert lease.late == timedelta()


@pytest.mark.parametrize("seconds", [-30, 0, 30])
async def test_due_in_a_second_is_due_in_a_second(store_pool: Pool, clock: TestClock, seconds: int) -> None:
    process = Skewed(store_pool, clock, seconds)
    await process.moves(look_after=1)
    for _ in range(2):
        assert await process.store.claim(["counter"]) is None
        clock.pass_seconds(1)
        lease = await process.store.claim(["counter"])
        assert lease is not None
        assert lease.late == timedelta()
        await process.store.finish(lease, process.here() + timedelta(seconds=1))


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_set_meanwhile_moves_no_work(store_pool: Pool, clock: TestClock, hours: int) -> None:
    process = Skewed(store_pool, clock, 0)
    await process.moves(look_after=1)
    process.wrong = timedelta(hours=hours)
    assert await process.store.claim(["counter"]) is None
    clock.pass_seconds(1)
    lease = await process.store.claim(["counter"])
    assert lease is not None
    await process.store.finish(lease, None)
    clock.pass_seconds(7200)
    assert await process.store.claim(["counter"]) is None, "once"


async def test_due_in_the_past_is_due_now(store_pool: Pool, clock: TestClock) -> None:
    process = Skewed(store_pool, clock, 0)
    await process.moves(look_after=-60)
    for _ in range(2):
        lease = await process.store.claim(["counter"])
        assert lease is not None
        assert lease.late == timedelta()
        await process.store.finish(lease, process.here() - timedelta(seconds=60))


async def test_what_is_never_to_be_looked_at_is_not(store_pool: Pool, clock: TestClock) -> None:
    process = Skewed(store_pool, clock, 0)
    await process.moves(look_after=0)
    lease = await process.store.claim(["counter"])
    assert lease is not None
    await process.store.finish(lease, None)
    clock.pass_seconds(3600)
    assert await process.store.claim(["counter"]) is None
