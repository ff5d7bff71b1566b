"""The clock that all replicas share: the database's, whatever the hosts' clocks say."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.postgres.clock import EVERY, SharedClock
from bot.adapters.postgres.pool import Pool
from runbooks.store import StoreUnavailable
from tests.store.counter import TestClock

SECOND = timedelta(seconds=1)


class Host:
    """A machine whose seconds count from its own start and pass at its own pace, some way from the database."""

    def __init__(
        self, database: TestClock, *, up: float = 0, pace: float = 1, there: float = 0, back: float = 0
    ) -> None:
        self.database, self.pace = database, pace
        self.there, self.back = there, back  # seconds that a question and its answer take
        self.away = False
        self._up, self._began = up, database.now
        self.clock = SharedClock(self._ask, monotonic=self.seconds)

    def seconds(self) -> float:
        return self._up + (self.database.now - self._began).total_seconds() * self.pace

    def set_database(self, seconds: float) -> None:
        """The database's clock is set; nobody's seconds change by that."""
        self.database.pass_seconds(seconds)
        self._began += timedelta(seconds=seconds)

    async def _ask(self) -> tuple[float, datetime, float]:
        if self.away:
            raise StoreUnavailable("away")
        before = self.seconds()
        self.database.pass_seconds(self.there)
        told = self.database.now
        self.database.pass_seconds(self.back)
        return before, told, self.seconds()

    def wrong(self) -> timedelta:
        return self.clock() - self.database.now


async def test_hosts_that_began_at_other_times_agree(clock: TestClock) -> None:
    for host in (Host(clock), Host(clock, up=9e6), Host(clock, up=-50)):
        await host.clock.look()
        clock.pass_seconds(3600)
        assert host.wrong() == timedelta()


@pytest.mark.parametrize(("there", "back"), [(0.2, 0.2), (2, 0), (0, 2)])
async def test_it_is_wrong_by_half_an_answers_time_at_most(clock: TestClock, there: float, back: float) -> None:
    host = Host(clock, there=there, back=back)
    await host.clock.look()
    assert abs(host.wrong()) <= (there + back) / 2 * SECOND
    before = host.wrong()
    await host.clock.look()
    assert host.wrong() == before, "the same once more proves nothing, and moves nothing"
    host.there, host.back = back, there
    await host.clock.look()
    assert abs(host.wrong()) <= abs(before), "nothing moves it away"


@pytest.mark.parametrize("pace", [0.5, 2])
async def test_a_host_whose_seconds_are_wrong_is_set_right_by_each_look(clock: TestClock, pace: float) -> None:
    host = Host(clock, pace=pace)
    await host.clock.look()
    for _ in range(3):
        clock.pass_seconds(EVERY)
        assert abs(host.wrong()) > SECOND
        await host.clock.look()
        assert host.wrong() == timedelta()


@pytest.mark.parametrize("seconds", [-3600, 3600])
async def test_the_databases_clock_is_followed_where_it_is_set(
    clock: TestClock, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host(clock)
    await host.clock.look()
    host.set_database(seconds)
    assert host.wrong() == -seconds * SECOND
    await host.clock.look()
    assert host.wrong() == timedelta()
    assert f"was set by {seconds:+.1f} s" in caplog.text


async def test_it_goes_on_alone_while_the_database_is_away(clock: TestClock) -> None:
    host = Host(clock)
    with pytest.raises(RuntimeError):
        host.clock()
    await host.clock.look()
    host.away = True
    clock.pass_seconds(600)
    with pytest.raises(StoreUnavailable):
        await host.clock.look()
    assert host.wrong() == timedelta()


async def test_it_is_that_of_the_database(store_pool: Pool) -> None:
    shared = await SharedClock.of(store_pool)
    keeping = asyncio.create_task(shared.keep())
    await asyncio.sleep(0)
    assert abs(shared() - datetime.now(UTC)) < 5 * SECOND  # one machine here, and a busy one
    assert shared().tzinfo is UTC
    first = shared()
    assert first <= shared()
    keeping.cancel()
