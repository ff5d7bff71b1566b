"""Stored states follow their fold, and are listed by their newest."""

from dataclasses import replace

import psycopg

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.queries import query
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes
from tests.fixtures.store import StoreDatabase
from tests.store.counter import COUNTER, Counter, add, added, appended, evolve, read


def _doubled(state: Counter, event) -> Counter:
    return evolve(state, replace(event, amount=event.amount * 2))


DOUBLED = replace(COUNTER, number=2, evolve=_doubled)


async def test_a_state_of_another_fold_is_made_anew(store: PostgresStore, store_pool: Pool) -> None:
    seen = await add(store, "counter/a", added(1), added(2))
    newer = PostgresStore(store_pool, {"counter": DOUBLED})
    again = await read(newer, "counter/a")
    assert (seen.state.total, again.state.total) == (3, 6)
    assert (again.version, again.head) == (seen.version, seen.head)
    assert [state.total for _, state in await newer.latest("counter/", 9)] == [6]
    assert (await read(store, "counter/a")).state.total == 3


async def test_the_next_commit_keeps_it_under_the_new_number(store: PostgresStore, store_pool: Pool) -> None:
    await add(store, "counter/a", added(1))
    newer = PostgresStore(store_pool, {"counter": DOUBLED})
    await newer.commit(Changes(appends=(appended("counter/a", await read(newer, "counter/a"), added(0)),)))
    unable = replace(DOUBLED, evolve=lambda state, event: replace(state, total=-1))
    assert (await read(PostgresStore(store_pool, {"counter": unable}), "counter/a")).state.total == 2
    # the older release reads it too, by its own rules
    assert (await read(store, "counter/a")).state.total == 1


async def test_the_newest_streams_come_first(store: PostgresStore) -> None:
    for name in ("counter/b", "counter/a", "counter/c"):
        await add(store, name, added())
    await add(store, "counter/b", added())
    assert [name for name, _ in await store.latest("counter/", 2)] == ["counter/c", "counter/a"]
    assert await store.latest("counter/x", 2) == []


async def test_what_asks_for_somebody_is_found_by_index_however_old_it_is(
    store_pool: Pool, store_database: StoreDatabase
) -> None:
    store = PostgresStore(store_pool, {"counter": replace(COUNTER, outstanding=lambda state: bool(state.holds))})
    await add(store, "counter/old", added(1, holds=("api",)))
    await add(store, "counter/done", added(2, holds=("web",)))
    await add(store, "counter/done", added(3))
    for name in range(9):
        await add(store, f"counter/{name}", added(7))
    assert [state.total for state in await store.outstanding("counter", 2)] == [1]
    assert await store.outstanding("count", 2) == []
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        await connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        rows = await connection.execute(
            b"explain " + query("outstanding"), {"room": "counter", "limit": 200}, prepare=False
        )
        plan = "\n".join(row[0] for row in await rows.fetchall())
    assert "streams_outstanding" in plan
    assert "Sort" not in plan


async def test_numbers_do_not_repeat(store: PostgresStore) -> None:
    numbers = [await store.number() for _ in range(5)]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0


async def test_a_number_comes_with_a_read_where_it_is_wanted(store: PostgresStore) -> None:
    first = (await store.read(["counter/a"], number=True)).number
    assert (await store.read(["counter/a"])).number == 0
    assert await store.number() == first + 1
