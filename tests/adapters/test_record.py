"""What auditors read of the real database: which streams, and how far."""

from datetime import UTC, datetime, timedelta

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord
from bot.adapters.postgres.store import PostgresStore
from runbooks.packs.scope import select
from runbooks.store import Recorded
from tests.packs.keeping import keep
from tests.packs.month import NOVEMBER, WHOLE, day, month, onboarding, stream, waiting


def shape(events: list[Recorded]) -> dict[str, int]:
    """How many events of each stream."""
    return {each.stream: each.version for each in sorted(events, key=lambda each: each.version)}


async def test_the_whole_month_comes_as_it_was_kept(store: PostgresStore, store_pool: Pool) -> None:
    await keep(store, month())
    found = await PostgresRecord(store_pool).events("api", since=NOVEMBER.since, until=NOVEMBER.until)
    assert sorted(found, key=lambda each: (each.stream, each.version)) == list(select(WHOLE, month()).events)


async def test_a_day_has_the_runs_that_moved_on_it_and_what_stands(store: PostgresStore, store_pool: Pool) -> None:
    await keep(store, month())
    found = shape(await PostgresRecord(store_pool).events("api", since=day(12, 0), until=day(13, 0)))
    assert found == {
        "run/D-107": found["run/D-107"],
        "run/R-107": found["run/R-107"],
        "finding/D-107.deploy-failed": 2,
        "incident/I-107": 12,
        "release/api/production": 6,
        "audit/api": 2,
    }


async def test_a_run_is_cut_where_the_period_ends_and_whole_where_it_began_before(
    store: PostgresStore, store_pool: Pool
) -> None:
    await keep(store, stream("run/D-1", waiting("D-1", day(10, 0) - timedelta(seconds=15))))
    record, midnight = PostgresRecord(store_pool), day(10, 0)
    before = await record.events("api", since=day(9, 0), until=midnight)
    after = await record.events("api", since=midnight, until=day(11, 0))
    assert 0 < len(before) < len(after)
    assert all(each.at < midnight for each in before)
    assert [each.version for each in after] == list(range(1, len(after) + 1))


async def test_another_service_and_a_period_with_nothing(store: PostgresStore, store_pool: Pool) -> None:
    await keep(store, month())
    record = PostgresRecord(store_pool)
    for service in ("ap", "api-2", "web", 'a"pi', "%", ""):
        assert await record.events(service, since=NOVEMBER.since, until=NOVEMBER.until) == []
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert await record.events("api", since=long_ago, until=NOVEMBER.since.replace(month=10)) == []


async def test_more_streams_than_are_read_at_once(store: PostgresStore, store_pool: Pool) -> None:
    many = [each for n in range(120) for each in stream(f"run/D-{n}", onboarding(f"D-{n}", day(5), f"t{n:03}"))]
    await keep(store, many)
    found = await PostgresRecord(store_pool).events("api", since=NOVEMBER.since, until=NOVEMBER.until)
    assert len(found) == len(many)


async def test_every_tenant_that_was_ever_named(store: PostgresStore, store_pool: Pool) -> None:
    await keep(store, month())
    await keep(store, stream("run/D-300", onboarding("D-300", day(2), "initech")))
    assert await PostgresRecord(store_pool).tenants() == {"acme", "globex", "initech"}
