"""Summer time begins and ends: a process and a database that live in Berlin wait and show as those in UTC."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.adapters.postgres.clock import SharedClock
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.views import words
from runbooks.folds import folds
from runbooks.runs.state import Status, approval_ends
from tests.engine.interrupting import turning
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase

SWITCHES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]


@pytest.fixture(params=SWITCHES, ids=["begins", "ends"])
def switch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """When the clocks there are set; this process lives there."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    moment: datetime = request.param
    around = [moment + timedelta(seconds=seconds) for seconds in (-1, 1)]
    assert len({each.astimezone().utcoffset() for each in around}) == 2, "the host knows the zone"
    yield moment
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
async def there(world: World, store_database: StoreDatabase, store_pool: Pool) -> World:
    """A world whose database lives there too."""
    with psycopg.connect(store_database.owner_url, autocommit=True) as owner:
        owner.execute(f"alter database \"{owner.info.dbname}\" set timezone = 'Europe/Berlin'".encode())
    world.use(PostgresStore(store_pool, folds(), now=lambda: world.now))
    return world


async def test_a_wait_lasts_as_long_as_on_any_day(there: World, switch: datetime) -> None:
    there.now = switch - timedelta(minutes=10)
    run_id = await there.at_the_gate()
    run = await there.run(run_id)
    ends = approval_ends(run)
    assert ends == switch + timedelta(minutes=20)
    assert "01:20 UTC" in words.clock(ends)
    there.now = ends - timedelta(seconds=1)
    await there.works()
    assert (await there.run(run_id)).status is Status.RUNNING
    there.now = ends
    await there.works()
    assert (await there.run(run_id)).status is Status.EXPIRED
    there.now += timedelta(hours=2)
    await there.works()
    told = [json.loads(event.data)["kind"] for event in await there.store.history(f"run/{run_id}")]
    assert told.count("ended") == 1


async def test_what_goes_on_outside_is_looked_at_each_second(there: World, switch: datetime) -> None:
    there.now = switch - timedelta(seconds=2)
    run_id = await turning(there)
    for _ in range(4):
        there.later(seconds=1)
        lease = await there.claim()
        assert lease is not None
        assert lease.late == timedelta()
        await there.store.finish(lease, await there.engine.advance(lease))
        assert await there.claim() is None
    there.outside.turning = False
    there.later(seconds=1)
    await there.works()
    assert (await there.run(run_id)).status is Status.SUCCEEDED


async def test_the_shared_clock_is_in_utc(there: World, store_pool: Pool, switch: datetime) -> None:
    shared = await SharedClock.of(store_pool)
    assert abs(shared() - datetime.now(UTC)) < timedelta(minutes=1)
