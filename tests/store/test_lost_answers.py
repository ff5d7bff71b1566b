"""A commit whose answer is lost is re-read; what can't be known is said."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.postgres.verify import faults
from runbooks.store import Changes, Inbox, StoreUnavailable, Work
from tests.fixtures.store import PATIENT, StoreDatabase
from tests.store.counter import FOLDS, add, added, appended, read
from tests.store.proxy import Loss, Proxy, proxied
from tests.store.waiting import BLOCKED, end, until


@pytest.fixture
async def proxy(store_database: StoreDatabase) -> AsyncIterator[Proxy]:
    async with proxied(store_database.url) as proxy:
        yield proxy


@pytest.fixture
async def through(proxy: Proxy, store_database: StoreDatabase) -> AsyncIterator[PostgresStore]:
    """The store, speaking to its database through the proxy."""
    async with Pool(proxy.url, answer_within=PATIENT) as pool:
        yield PostgresStore(pool, FOLDS)
    assert await faults(store_database.owner_url, FOLDS) == []


async def _changes(store: PostgresStore) -> Changes:
    return Changes(Inbox("key", {"did": "added"}), (appended("counter/a", await read(store, "counter/a"), added()),))


async def _standing(store: PostgresStore) -> tuple[int, bool]:
    snapshot = await store.read(["counter/a"], inbox="key")
    return snapshot.streams["counter/a"].version, snapshot.reply is not None


async def test_a_lost_answer_is_read_again(through: PostgresStore, proxy: Proxy) -> None:
    changes = await _changes(through)
    proxy.loss = Loss.ANSWER
    await through.commit(changes)
    assert (proxy.hits, await _standing(through)) == (1, (1, True))


@pytest.mark.parametrize("exists", [False, True])
async def test_a_commit_that_arrives_late_is_waited_for(through: PostgresStore, proxy: Proxy, exists: bool) -> None:
    if exists:
        await add(through, "counter/a", added())
    changes = await _changes(through)
    proxy.loss = Loss.DELAY
    await through.commit(changes)
    assert (proxy.hits, await _standing(through)) == (1, (1 + exists, True))


async def test_a_commit_that_never_arrived_is_known_not_to_stand(through: PostgresStore, proxy: Proxy) -> None:
    changes = await _changes(through)
    proxy.loss = Loss.MESSAGE
    with pytest.raises(StoreUnavailable, match="not recorded") as lost:
        await through.commit(changes)
    assert not lost.value.unknown
    assert (proxy.hits, await _standing(through)) == (1, (0, False))
    await through.commit(changes)


async def test_a_refusal_is_read_again_by_its_key(through: PostgresStore, proxy: Proxy) -> None:
    proxy.loss = Loss.ANSWER
    await through.commit(Changes(Inbox("key", {"refused": "locked"})))
    assert (proxy.hits, await _standing(through)) == (1, (0, True))


async def test_what_has_no_key_is_not_known(through: PostgresStore, proxy: Proxy) -> None:
    proxy.loss = Loss.ANSWER
    with pytest.raises(StoreUnavailable) as lost:
        await through.commit(Changes(wake=(Work("messages", "counter/a"),)))
    assert (proxy.hits, lost.value.unknown) == (1, True)


async def test_a_database_gone_for_good_leaves_it_unknown(
    through: PostgresStore, proxy: Proxy, store_database: StoreDatabase
) -> None:
    changes = await _changes(through)
    proxy.loss, proxy.refuse = Loss.ANSWER, True  # the connection in the pool stands; there will be no other
    with pytest.raises(StoreUnavailable) as lost:
        await through.commit(changes)
    assert (proxy.hits, lost.value.unknown) == (1, True)
    proxy.refuse = False
    assert await _standing(through) == (1, True)


def test_the_usual_patience_suits_an_ack_of_three_seconds(store_database: StoreDatabase) -> None:
    assert Pool(store_database.url).answer_within <= 2


async def test_silence_is_answered_in_time(proxy: Proxy) -> None:
    async with Pool(proxy.url, answer_within=1) as pool:
        store = PostgresStore(pool, FOLDS)
        changes = await _changes(store)
        proxy.loss = Loss.SILENCE
        began = time.monotonic()
        [outcome] = await asyncio.gather(store.commit(changes), return_exceptions=True)
        assert outcome is None or outcome.unknown  # on a busy machine there may be no time to read it again
        assert time.monotonic() - began < 3
    assert proxy.hits == 1


async def test_a_backend_ended_before_it_was_sent_changes_nothing(
    through: PostgresStore, store_database: StoreDatabase
) -> None:
    """Ended while it waits for a stream's lock: nothing was sent, so nothing is in doubt."""
    changes = await _changes(through)
    async with await psycopg.AsyncConnection.connect(store_database.owner_url, autocommit=True) as owner:
        async with owner.transaction():
            await owner.execute("select pg_advisory_xact_lock(hashtextextended('counter/a', 0))")
            commit = asyncio.create_task(through.commit(changes))
            await until(store_database.owner_url, BLOCKED)
            end(store_database.owner_url, BLOCKED)
            with pytest.raises(StoreUnavailable) as lost:
                await commit
        assert not lost.value.unknown
    assert await _standing(through) == (0, False)
    await through.commit(changes)


async def test_a_backend_ended_while_it_writes_is_read_again(
    through: PostgresStore, store_database: StoreDatabase
) -> None:
    changes = await _changes(through)
    async with await psycopg.AsyncConnection.connect(store_database.owner_url, autocommit=True) as owner:
        async with owner.transaction(force_rollback=True):
            await owner.execute("insert into inbox values ('key', '{}', now())")
            commit = asyncio.create_task(through.commit(changes))
            await until(store_database.owner_url, BLOCKED)
            end(store_database.owner_url, BLOCKED)
            with pytest.raises(StoreUnavailable, match="not recorded") as lost:
                await commit
        assert not lost.value.unknown
    assert await _standing(through) == (0, False)
