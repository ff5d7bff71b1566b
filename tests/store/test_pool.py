"""Connections to the database: every silence has its end, and no password is said."""

import asyncio
import socket
import time

import psycopg
import pytest
from psycopg.waiting import MAX_BUSY_TIME

from bot.adapters.postgres.errors import translated
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.pool import Pool, conninfo
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Conflict, StoreUnavailable
from tests.fixtures.postgres import temporary_server
from tests.fixtures.store import PATIENT, StoreDatabase
from tests.store.counter import FOLDS, add, added, read
from tests.store.waiting import SESSIONS, until

OURS = "select 1 from pg_stat_activity where datname = current_database() and application_name = 'opsbot'"
CLOSED_PORT = "postgresql://nobody:example-password@127.0.0.1:1/none"


async def _execute(pool: Pool, *statements: str) -> None:
    async with pool.session() as connection:
        for statement in statements:
            await connection.execute(statement)


async def test_nobody_there_is_said_at_once_and_without_the_password() -> None:
    async with Pool(CLOSED_PORT) as pool:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="refused") as lost:
            await PostgresStore(pool, FOLDS).number()
    assert time.monotonic() - began < 2  # not after waiting for an answer
    assert not lost.value.unknown
    assert "example-password" not in str(lost.value)


async def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # connections are taken and never looked at
        port = server.getsockname()[1]
        async with Pool(f"postgresql://bot@127.0.0.1:{port}/none", answer_within=0.2) as pool:
            with pytest.raises(StoreUnavailable, match="in time"):
                await PostgresStore(pool, FOLDS).number()


async def test_a_slow_answer_is_cut_off(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, answer_within=0.2) as pool:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await _execute(pool, "set statement_timeout = 0", "select pg_sleep(60)")
        assert time.monotonic() - began < 5
        async with pool.session() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_the_server_too_gives_up_on_a_slow_statement(store_database: StoreDatabase) -> None:
    address = conninfo(store_database.url, silent_after=0.1)
    async with await psycopg.AsyncConnection.connect(address) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await connection.execute("select pg_sleep(60)")


async def test_a_transaction_left_lying_is_ended_by_the_server(store_database: StoreDatabase) -> None:
    """So a replica that vanished from the network holds no locks."""
    address = conninfo(store_database.url, silent_after=0.1)
    async with await psycopg.AsyncConnection.connect(address) as lying:
        await lying.execute("select 1")
        await until(store_database.owner_url, SESSIONS, 0)
        with pytest.raises(StoreUnavailable), translated():
            await lying.execute("select 1")


async def test_a_cancelled_use_propagates_and_leaves_the_pool_whole(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, size=1, answer_within=PATIENT) as pool:
        asking = asyncio.Event()

        async def ask() -> None:
            async with pool.session() as connection:
                asking.set()
                await connection.execute("select pg_sleep(60)")

        task = asyncio.create_task(ask())
        await asking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with pool.session() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_one_that_was_cut_off_while_it_began_several_statements_is_not_used_again(
    store_database: StoreDatabase,
) -> None:
    async def cut_off() -> None:
        async with pool.session() as connection:
            stands_still_until = time.monotonic() + 10 * MAX_BUSY_TIME
            while time.monotonic() < stands_still_until:
                pass
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            async with connection.pipeline():
                await connection.execute("select 1")

    async with Pool(store_database.url, size=1) as pool:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(cut_off())
        await MessageLog(pool).intend("run/D-1/card", stream="run/D-1", channel="C1", body="")
        assert "run/D-1/card" in await MessageLog(pool).of("run/D-1")


async def test_those_that_are_to_be_ready_are_there_from_the_start(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, size=3, ready=3, answer_within=PATIENT):
        with psycopg.connect(store_database.owner_url) as owner:
            assert len(owner.execute(OURS).fetchall()) == 3


async def test_the_start_does_not_fail_where_none_can_be_made() -> None:
    async with Pool(CLOSED_PORT, size=3, ready=3) as pool:
        with pytest.raises(StoreUnavailable, match="refused"):
            await PostgresStore(pool, FOLDS).number()


async def test_connections_are_kept_and_no_more_than_the_size(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, size=3, answer_within=PATIENT) as pool:
        store = PostgresStore(pool, FOLDS)
        await asyncio.gather(*(store.number() for _ in range(30)))
        with psycopg.connect(store_database.owner_url) as owner:
            assert 1 <= len(owner.execute(OURS).fetchall()) <= 3


async def test_when_all_are_in_use_the_wait_ends(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, size=1, answer_within=PATIENT) as pool, pool.session():
        with pytest.raises(StoreUnavailable, match="in use"):
            async with pool.session(within=0.05):
                pass


async def _backend(pool: Pool) -> int:
    async with pool.session() as connection:
        return connection.info.backend_pid


async def test_an_error_leaves_no_transaction_behind_and_costs_no_connection(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, size=1, answer_within=PATIENT) as pool:
        store = PostgresStore(pool, FOLDS)
        await add(store, "counter/a", added())
        backend = await _backend(pool)
        with pytest.raises(psycopg.errors.DivisionByZero):
            await _execute(pool, "begin", "select 1 / 0")
        assert (await add(store, "counter/a", added())).version == 2
        assert await _backend(pool) == backend


async def test_a_connection_in_use_at_the_end_is_closed_when_it_comes_back(store_database: StoreDatabase) -> None:
    pool = Pool(store_database.url, answer_within=PATIENT)
    async with pool.session() as connection:
        async with pool:
            pass
        assert not connection.closed
    assert connection.closed


async def test_the_first_call_after_a_restart_succeeds() -> None:
    with temporary_server() as server:
        async with Pool(server.url(), answer_within=PATIENT) as pool:
            store = PostgresStore(pool, FOLDS)
            async with pool.session() as connection:
                await connection.execute("create sequence numbers")
            assert await store.number() == 1
            server.stop()
            with pytest.raises(StoreUnavailable):
                await store.number()
            server.start()
            assert await store.number() > 1
            server.stop(abruptly=True)
            server.start()
            assert await store.number() > 1  # the kept connection had ended: it is not used


async def test_settings_in_the_url_are_kept() -> None:
    address = conninfo("postgresql://bot@db/ops?application_name=ops-2&options=-c%20work_mem%3D8MB", silent_after=2)
    assert "application_name=ops-2" in address
    assert "work_mem=8MB" in address
    assert "statement_timeout=2000" in address


async def test_a_deadlock_is_a_conflict(store_database: StoreDatabase) -> None:
    async with Pool(store_database.url, answer_within=PATIENT) as pool:
        store = PostgresStore(pool, FOLDS)
        await add(store, "counter/a", added())
        await add(store, "counter/b", added())
        barrier = asyncio.Barrier(2)

        async def lock(first: str, second: str) -> None:
            async with pool.session() as connection, connection.transaction():
                for stream in (first, second):
                    await connection.execute("select from streams where name = %s for update", (stream,))
                    if stream == first:
                        await barrier.wait()

        results = await asyncio.gather(
            lock("counter/a", "counter/b"), lock("counter/b", "counter/a"), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == [Conflict.__name__, "NoneType"]
        assert (await read(store, "counter/a")).version == 1
