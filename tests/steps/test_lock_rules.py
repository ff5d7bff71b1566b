"""The locks that are told before a migration are those that a server takes: each statement is run and looked at."""

import asyncio
from collections.abc import Iterator, Mapping

import psycopg
import pytest

from bot.adapters.service_database import catalogs
from bot.adapters.service_database.statements import statement as query
from runbooks.steps.migrations.lock_modes import Lock, Work
from runbooks.steps.migrations.lock_rules import taken
from runbooks.steps.migrations.names import mentioned
from runbooks.steps.migrations.sql import analyse
from sandbox.postgres import PostgresServer
from sandbox.waiting import until
from tests.steps.lock_probe import SCHEMA, locked, probe, relations
from tests.steps.lock_table import ALL_IS_READ, ALL_IS_WRITTEN, FILLED, LOOKED_UP, NOTHING_IS_READ, WORSE_IS_ASSUMED

_DATABASE = "lock_rules"


@pytest.fixture(scope="module")
def server_with_schema(postgres_server: PostgresServer) -> Iterator[str]:
    postgres_server.create_database(_DATABASE)
    with psycopg.connect(postgres_server.url(_DATABASE), autocommit=True) as connection:
        connection.execute(SCHEMA)
    yield postgres_server.url(_DATABASE)
    postgres_server.drop_database(_DATABASE)


@pytest.fixture
def connection(server_with_schema: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server_with_schema, autocommit=True) as connection:
        yield connection


def _told(connection: psycopg.Connection, text: str) -> list[Lock]:
    sql = analyse("1_a.sql", text)
    row = connection.execute(query("relations"), catalogs.values(*mentioned([sql]))).fetchone()
    assert row is not None
    facts = catalogs.relations_of(row[0])
    return [lock for each in sql.statements for lock in taken(each.node, facts)]


def _locks(told: list[Lock]) -> Mapping[str, object]:
    return {lock.table.name: max(o.mode for o in told if o.table.name == lock.table.name) for lock in told}


@pytest.mark.parametrize("text", [*NOTHING_IS_READ, *ALL_IS_READ, *ALL_IS_WRITTEN, *WORSE_IS_ASSUMED])
def test_the_locks_are_those_that_the_server_takes(connection: psycopg.Connection, text: str) -> None:
    assert _locks(_told(connection, text)) == probe(connection, text).locks


@pytest.mark.parametrize("text", [*NOTHING_IS_READ, *ALL_IS_READ, *ALL_IS_WRITTEN])
def test_what_is_read_and_written_is_what_the_server_reads_and_writes(
    connection: psycopg.Connection, text: str
) -> None:
    told, seen = _told(connection, text), probe(connection, text)
    assert {lock.table.name for lock in told if lock.work is Work.REWRITE} == seen.rewritten
    worked = {lock.table.name for lock in told if lock.work}
    assert bool(worked) == (text not in NOTHING_IS_READ)
    filled = FILLED if "insert into" in text else set()
    assert worked - filled == (seen.read & set(seen.locks)) - (LOOKED_UP - worked)
    assert bool(seen.rewritten) == (text in ALL_IS_WRITTEN)


@pytest.mark.parametrize("text", WORSE_IS_ASSUMED)
def test_in_doubt_the_worse_is_told(connection: psycopg.Connection, text: str) -> None:
    assert any(lock.work is Work.REWRITE for lock in _told(connection, text))
    assert not probe(connection, text).rewritten


OUTSIDE = [
    "create index concurrently i on plain (a)",
    "create unique index concurrently i on plain (n)",
    "drop index concurrently by_code",
    "reindex table concurrently plain",
    "reindex index concurrently by_code",
    "vacuum plain",
    "vacuum full plain",
    "vacuum (full, analyze) plain",
    "alter table parts detach partition parts_1 concurrently",
]


@pytest.mark.parametrize("text", OUTSIDE)
async def test_outside_transactions_they_are_those_that_the_server_waits_for(
    server_with_schema: str, connection: psycopg.Connection, text: str
) -> None:
    """Somebody holds all tables, in the weakest mode that conflicts with these, so that the lock is waited for."""
    told = _locks(_told(connection, f"-- outside-transactions\n{text}"))
    first = {name: mode for name, mode in told.items() if name not in ("parts_1",)}
    names = relations(connection)
    with psycopg.connect(server_with_schema) as holder:
        holder.execute("lock table plain, orders, only parts in share update exclusive mode")
        migrating = await psycopg.AsyncConnection.connect(server_with_schema, autocommit=True)
        task = asyncio.create_task(migrating.execute(text.encode()))
        pid = migrating.info.backend_pid
        try:
            await until(lambda: locked(connection, pid, names), what="a lock that is waited for")
            assert locked(connection, pid, names) == first
        finally:
            connection.execute("select pg_terminate_backend(%s, 5000)", (pid,))
            with pytest.raises(psycopg.errors.AdminShutdown):
                await task
