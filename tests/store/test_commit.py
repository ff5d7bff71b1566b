"""One commit is one transaction: all of it stands, or nothing."""

import asyncio
from collections.abc import Awaitable

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes, Conflict, Duplicate, Inbox, TargetBusy
from tests.fixtures.store import StoreDatabase
from tests.store.counter import Counter, add, added, appended, read
from tests.store.waiting import BLOCKED, until


async def test_a_stream_never_written_reads_as_its_start(store: PostgresStore) -> None:
    snapshot = await store.read(["counter/a"], targets=["prod"], inbox="key")
    assert snapshot.streams["counter/a"].state == Counter("a")
    assert (snapshot.streams["counter/a"].version, snapshot.streams["counter/a"].head) == (0, "")
    assert (snapshot.holders, snapshot.reply) == ({}, None)


async def test_what_was_committed_is_read(store: PostgresStore) -> None:
    append = appended(
        "counter/a", await read(store, "counter/a"), added(2, holds=("prod",)), added(3, holds=("prod",))
    )
    await store.commit(Changes(Inbox("key", {"did": "added"}), (append,)))
    snapshot = await store.read(["counter/a", "counter/b"], targets=["prod", "staging"], inbox="key")
    assert snapshot.streams["counter/a"].state == append.state
    assert snapshot.streams["counter/a"].version == 2
    assert snapshot.streams["counter/a"].head == append.events[-1].hash
    assert snapshot.streams["counter/b"].version == 0
    assert snapshot.holders == {"prod": "counter/a"}
    assert snapshot.reply == {"did": "added"}
    assert await store.history("counter/a") == list(append.events)


async def test_text_comes_back_exactly(store: PostgresStore) -> None:
    note = "naïve \x00 \\u0000 “quoted” 'single' {} 🚀"
    append = appended("counter/a", await read(store, "counter/a"), added(note=note))
    await store.commit(Changes(Inbox("key", {"note": note}), (append,)))
    assert (await read(store, "counter/a")).state.notes == (note,)
    assert (await store.read([], inbox="key")).reply == {"note": note}
    assert await store.history("counter/a") == list(append.events)


async def test_one_commit_is_one_transaction(store: PostgresStore, store_database: StoreDatabase) -> None:
    first = appended("counter/a", await read(store, "counter/a"), added(holds=("prod",)))
    second = appended("counter/b", await read(store, "counter/b"), added())
    await store.commit(Changes(Inbox("key", {}), (first, second)))
    with psycopg.connect(store_database.owner_url) as connection:
        rows = connection.execute(
            "select xmin from events union select xmin from streams union select xmin from reservations "
            "union select xmin from inbox"
        ).fetchall()
    assert len(rows) == 1


async def test_a_refused_commit_leaves_nothing(store: PostgresStore) -> None:
    await add(store, "counter/holder", added(holds=("prod",)))
    before = await read(store, "counter/a")
    append = appended("counter/a", before, added(holds=("prod", "staging")))
    with pytest.raises(TargetBusy, match="prod"):
        await store.commit(Changes(Inbox("key", {}), (append,)))
    snapshot = await store.read(["counter/a"], targets=["staging"], inbox="key")
    assert (snapshot.streams["counter/a"], snapshot.holders, snapshot.reply) == (before, {}, None)
    assert await store.history("counter/a") == []


async def test_a_stream_that_moved_is_a_conflict(store: PostgresStore) -> None:
    stale = appended("counter/a", await add(store, "counter/a", added()), added())
    await add(store, "counter/a", added())
    with pytest.raises(Conflict, match="counter/a"):
        await store.commit(Changes(appends=(stale,)))


async def test_a_version_ahead_of_the_stream_is_a_conflict(store: PostgresStore) -> None:
    two = appended("counter/a", await read(store, "counter/a"), added(), added())
    ahead = type(two)(two.stream, two.events[1:], two.state)
    with pytest.raises(Conflict):
        await store.commit(Changes(appends=(ahead,)))


@pytest.mark.parametrize("exists", [False, True])
async def test_a_stream_relied_on_must_still_stand(store: PostgresStore, exists: bool) -> None:
    if exists:
        await add(store, "counter/lock", added())
    seen = await read(store, "counter/lock")
    append = appended("counter/a", await read(store, "counter/a"), added())
    await add(store, "counter/lock", added())
    with pytest.raises(Conflict, match="counter/lock"):
        await store.commit(Changes(appends=(append,), reads={"counter/lock": seen.version}))
    await store.commit(Changes(appends=(append,), reads={"counter/lock": seen.version + 1}))


async def _all(*commits: Awaitable[None]) -> list[BaseException | None]:
    return await asyncio.gather(*commits, return_exceptions=True)


async def test_duplicates_raced_are_recorded_once(store: PostgresStore) -> None:
    streams = (await store.read([f"counter/{n}" for n in range(20)])).streams
    rivals = [
        Changes(Inbox("key", {"number": n}), (appended(name, seen, added()),))
        for n, (name, seen) in enumerate(streams.items())
    ]
    results = await _all(*(store.commit(rival) for rival in rivals))
    [winner] = [number for number, result in enumerate(results) if result is None]
    assert {type(result) for result in results if result} == {Duplicate}
    assert (await store.read([], inbox="key")).reply == {"number": winner}
    assert [name for name, _ in await store.latest("counter/", 30)] == [f"counter/{winner}"]


async def test_appends_raced_are_recorded_once(store: PostgresStore) -> None:
    seen = await add(store, "counter/a", added())
    rivals = [appended("counter/a", seen, added(n)) for n in range(20)]
    results = await _all(*(store.commit(Changes(appends=(rival,))) for rival in rivals))
    assert results.count(None) == 1
    assert {type(result) for result in results if result} == {Conflict}
    assert (await read(store, "counter/a")).version == 2


async def test_targets_raced_have_one_holder(store: PostgresStore) -> None:
    streams = (await store.read([f"counter/{n}" for n in range(20)])).streams
    rivals = [appended(name, seen, added(holds=("prod", "web", "api"))) for name, seen in streams.items()]
    results = await _all(*(store.commit(Changes(appends=(rival,))) for rival in rivals))
    assert results.count(None) == 1
    assert {type(result) for result in results if result} == {TargetBusy}
    assert len((await store.read([], targets=["prod", "web", "api"])).holders) == 3


@pytest.mark.parametrize("exist", [False, True])
async def test_two_that_rely_on_each_other_do_not_both_pass(store: PostgresStore, exist: bool) -> None:
    """Write skew: each moves what the other relied on."""
    for round_number in range(10):
        left, right = f"counter/{round_number}-left", f"counter/{round_number}-right"
        if exist:
            await add(store, left, added())
            await add(store, right, added())
        seen = (await store.read([left, right])).streams
        results = await _all(
            *(
                store.commit(
                    Changes(appends=(appended(mine, seen[mine], added()),), reads={other: seen[other].version})
                )
                for mine, other in [(left, right), (right, left)]
            )
        )
        [lost] = [result for result in results if result]
        assert isinstance(lost, Conflict)
        assert "moved on" in str(lost)


async def test_streams_are_locked_in_one_order_whatever_order_they_come_in(
    store: PostgresStore, store_database: StoreDatabase
) -> None:
    for name in ("counter/a", "counter/b"):
        await add(store, name, added())
    seen = (await store.read(["counter/a", "counter/b"])).streams
    both = tuple(appended(name, stored, added()) for name, stored in seen.items())
    async with await psycopg.AsyncConnection.connect(store_database.owner_url, autocommit=True) as owner:
        async with owner.transaction():  # both rivals stand before a lock, then both are let go at once
            await owner.execute("select from streams for update")
            rivals = [store.commit(Changes(appends=appends)) for appends in (both, both[::-1])]
            outcome = asyncio.create_task(_all(*rivals))
            await until(store_database.owner_url, BLOCKED, 2)
        [lost] = [result for result in await outcome if result]
    assert isinstance(lost, Conflict)
    assert "moved on" in str(lost)  # it waited for the other, and met no deadlock
