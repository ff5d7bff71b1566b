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


NOTHING_IS_READ = [
    "alter table plain add column x int",
    "alter table plain add column if not exists a serial",
    "alter table plain add column x int not null default 3",
    "alter table plain add column x timestamptz default now()",
    "alter table plain add column x text default lower('A')",
    "alter table plain add column x date default current_date",
    "alter table plain add column x jsonb not null default '{}'",
    "alter table plain add column x int generated always as (id + 1) virtual",
    "alter table plain add column x mood default 'a'",
    "alter table plain add column x free",
    "alter table plain add column x int references customers",
    "alter table plain drop column a",
    "alter table plain drop column gone",
    "alter table customers drop column id cascade",
    "alter table plain alter column n drop not null",
    "alter table orders alter column paid set not null",
    "alter table plain alter column n set not null",
    "alter table plain alter column n set default 4",
    "alter table plain alter column n type int",
    "alter table orders alter column code type text",
    "alter table orders alter column code type varchar(40)",
    "alter table orders alter column code type varchar",
    "alter table orders alter column code type text using code",
    "alter table orders alter column note type varchar using note::varchar",
    "alter table orders alter column price type numeric(10, 2)",
    "alter table orders alter column price type numeric",
    "alter table orders alter column amount type numeric",
    "alter table orders alter column at type timestamptz(6)",
    "alter table plain alter column a set statistics 200",
    "alter table plain alter column a set storage external",
    "alter table plain alter column a set (n_distinct = 5)",
    "alter table plain set (fillfactor = 70, autovacuum_enabled = false)",
    "alter table plain set (user_catalog_table = true)",
    "alter table plain reset (fillfactor)",
    "alter table plain owner to postgres",
    "alter table orders add constraint u unique using index one_code",
    "alter table plain add constraint c check (n > 0) not valid",
    "alter table plain add constraint c check (n > 0) not enforced",
    "alter table plain add constraint c not null a not valid",
    "alter table plain add constraint f foreign key (n) references customers not valid",
    "alter table orders drop constraint amount_ok",
    "alter table orders drop constraint orders_customer_fkey",
    "alter table orders drop constraint orders_pkey",
    "alter table customers drop constraint customers_pkey cascade",
    "alter table orders alter constraint orders_customer_fkey deferrable",
    "alter table plain disable trigger watch",
    "alter table plain enable trigger all",
    "alter table spare disable rule quiet",
    "alter table plain enable row level security, force row level security",
    "alter table plain replica identity full",
    "alter table orders cluster on by_code",
    "alter table spare inherit base",
    "alter table heir no inherit base",
    "alter table parts detach partition parts_1",
    "alter table parts add column x int",
    "alter table parts owner to postgres",
    "alter table parts add foreign key (c) references customers not valid",
    "alter table base add column x int",
    "alter table base alter column id set statistics 5",
    "alter table base alter column id set (n_distinct = 3)",
    "alter table only base alter column id set default 3",
    "alter table base rename column id to other",
    "alter table base add foreign key (id) references customers not valid",
    "alter table plain rename column a to b",
    "alter table plain rename to other",
    "alter table parts rename to other",
    "alter table orders rename constraint paid_known to known",
    "alter table base set schema shop",
    'alter table shop."Big Orders" add column x int',
    "alter index by_code rename to other",
    "alter index by_code set (fillfactor = 70)",
    "alter materialized view summed rename to other",
    "alter view seen set (security_barrier = true)",
    "alter view seen rename to other",
    "alter trigger watch on plain rename to other",
    "alter policy own on plain using (false)",
    "alter policy own on plain rename to other",
    "alter type mood add value 'b'",
    "create index i on only parts (c)",
    "create or replace view seen as select id from plain",
    "create view other as select * from orders",
    "create table n (id int references customers)",
    "create table n (id int, foreign key (id) references customers)",
    "create table n () inherits (base)",
    "create table n (like orders including all)",
    "create table n partition of parts for values from ('2026-05-01') to ('2026-06-01')",
    "create trigger t after insert on plain for each row execute function touched()",
    "create trigger t after insert on parts for each row execute function touched()",
    "create or replace trigger watch before update on plain for each row execute function touched()",
    "create rule r as on insert to plain do also nothing",
    "create policy p on plain using (true)",
    "create statistics s on id, n from plain",
    "create sequence s owned by plain.id",
    "create or replace function quick() returns int language plpgsql as 'begin delete from plain; return 1; end'",
    "comment on table plain is 'x'",
    "comment on column plain.a is 'x'",
    "comment on index by_code is 'x'",
    "grant select on plain to public",
    "drop index by_code",
    "drop index summed_n",
    "drop index if exists nowhere",
    "drop view seen",
    "drop materialized view summed",
    "drop table orders",
    "drop table parts",
    "drop table parts_1",
    "drop table rest_default",
    "drop table base cascade",
    "drop table customers cascade",
    "drop trigger watch on plain",
    "drop rule quiet on spare",
    "drop policy own on plain",
    "truncate plain",
    "truncate parts",
    "truncate customers cascade",
    "insert into plain values (100, 'a', 3)",
    "insert into customers values (7, 'a')",
    "lock table plain",
    "lock table parts in exclusive mode",
    "lock table only base in share mode",
    "lock table plain in access share mode",
    "savepoint s",
]
ALL_IS_READ = [
    "alter table plain add column x int check (x > 0)",
    "alter table plain add column x int unique",
    "alter table plain add column x int default 1 references customers",
    "alter table plain alter column id set not null",
    "alter table parts alter column c set not null",
    "alter table orders alter column paid set not null, alter column note set not null",
    "alter table orders alter column word type text",
    'alter table orders alter column code type text collate "C"',
    "alter table plain add primary key (n)",
    "alter table plain add constraint u unique (n)",
    "alter table plain add constraint e exclude using btree (n with =)",
    "alter table plain add constraint c check (n > 0)",
    "alter table plain add constraint c not null a",
    "alter table parts add constraint c check (c > 0)",
    "alter table base add constraint c check (id > 0)",
    "alter table parts add primary key (id, day)",
    "alter table orders add constraint f foreign key (customer) references customers",
    "alter table orders validate constraint amount_ok",
    "alter table parts attach partition spare for values from ('2026-03-01') to ('2026-04-01')",
    "alter table rest attach partition spare_2 for values from ('2026-03-01') to ('2026-04-01')",
    "create table n partition of rest for values from ('2027-05-01') to ('2027-06-01')",
    "create index i on plain (a)",
    "create index i on parts (c)",
    "create index i on summed (n)",
    "create unique index i on parts (day)",
    "reindex table orders",
    "reindex index by_code",
    "refresh materialized view concurrently summed",
    "insert into spare select id from plain",
    "update plain set a = 'x'",
    "update orders set note = 'x' from customers where customers.id = customer",
    "update parts set c = 1",
    "update base set id = id + 5",
    "update only base set id = id + 5",
    "delete from orders",
    "merge into plain using orders on plain.id = orders.id when matched then delete",
    "with gone as (delete from plain returning *) insert into spare select id from gone",
]
ALL_IS_WRITTEN = [
    "alter table plain add column x int default random()",
    "alter table plain add column x uuid default gen_random_uuid()",
    "alter table plain add column x timestamptz default clock_timestamp()",
    "alter table plain add column x serial",
    "alter table plain add column x int generated always as identity",
    "alter table plain add column x int generated always as (id + 1) stored",
    "alter table plain add column x positive",
    "alter table plain add column x int, add column y int default random()",
    "alter table plain alter column n type bigint",
    "alter table plain alter column n type positive",
    "alter table plain alter column a type name",
    "alter table orders alter column code type varchar(10)",
    "alter table orders alter column note type varchar(500)",
    "alter table orders alter column code type text using upper(code)",
    "alter table orders alter column amount type numeric(10, 3)",
    "alter table orders alter column at type timestamptz(3)",
    "alter table orders alter column customer type bigint",
    "alter table customers alter column id type bigint",
    "alter table parts alter column c type bigint",
    "alter table base alter column id type bigint",
    "alter table plain set unlogged",
    "cluster orders using by_code",
    "refresh materialized view summed",
]
WORSE_IS_ASSUMED = [  # where the text does not tell, or only to somebody who knows the session's time zone
    "alter table plain add column x int default quick()",
    "alter table orders alter column at type timestamp",
    "alter table plain set tablespace pg_default",
    "alter table plain alter column n type oid",
]
LOOKED_UP = {"customers"}  # by a foreign key that is made: row by row, or read, as the planner likes
FILLED = {"spare"}  # by an INSERT that reads nothing of it


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
