"""A schema with one of everything that migrations lock, and what a server really locks of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from runbooks.steps.migrations.lock_modes import Mode

SCHEMA = """
create table customers (id int primary key, name varchar(20), note text);
create table orders (id int primary key, customer int references customers, code varchar(20), amount numeric(8, 2),
    paid boolean, at timestamptz, note text, word varchar(9) check (word <> ''),
    price numeric(8, 2), constraint paid_known check (paid is not null));
alter table orders add constraint amount_ok check (amount > 0) not valid;
create index by_code on orders (code);
create unique index one_code on orders (code, id);
create table plain (id int, a text, n int not null, gone int references customers);
create table parts (id int, day date, c int) partition by range (day);
create table parts_1 partition of parts for values from ('2026-01-01') to ('2026-02-01');
create table parts_2 partition of parts for values from ('2026-02-01') to ('2026-03-01');
create table rest (id int, day date) partition by range (day);
create table rest_default partition of rest default;
create table spare (id int, day date, c int);
create table spare_2 (id int, day date);
create table base (id int);
create table heir () inherits (base);
create view seen as select id from plain;
create materialized view summed as select count(*) as n from plain;
create unique index summed_n on summed (n);
create function touched() returns trigger language plpgsql as 'begin return new; end';
create function quick() returns int language sql immutable as 'select 1';
create trigger watch before update on plain for each row execute function touched();
create policy own on plain using (true);
create type mood as enum ('a');
create domain positive as int check (value > 0);
create domain free as int;
create rule quiet as on insert to spare do also nothing;
create schema shop;
create table shop."Big Orders" (id int);
insert into customers values (1, 'x', 'y');
insert into orders values (1, 1, 'a', 1, true, now(), 'n', 'w'), (2, 1, 'b', 2, true, now(), 'm', 'v');
insert into plain select g, g::text, g from generate_series(1, 20) as g;
insert into parts values (1, '2026-01-05', 1), (2, '2026-02-05', 1);
insert into rest values (1, '2026-01-05');
insert into base values (1);
insert into heir values (2);
insert into spare values (1, '2026-03-05', 1);
insert into spare_2 values (1, '2026-03-05');
insert into shop."Big Orders" values (1);
"""
_RELATIONS = """
select oid::bigint, oid::regclass::text, relfilenode::bigint from pg_class
where relnamespace in ('public'::regnamespace, 'shop'::regnamespace) and relkind in ('r', 'p', 'm', 'v')
"""
_LOCKS = "select relation::bigint, mode from pg_locks where pid = %s and relation is not null"
_READ = """
select relid::bigint, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
"""


@dataclass(frozen=True)
class Seen:
    """What one statement did: the strictest lock of each relation, what it wrote anew, what it read all of."""

    locks: Mapping[str, Mode]
    rewritten: frozenset[str]
    read: frozenset[str]


def probe(connection: psycopg.Connection, statement: str) -> Seen:
    """Run the statement in a transaction that is rolled back, and look on."""
    with connection.transaction(force_rollback=True):
        relations = {oid: (name, node) for oid, name, node in connection.execute(_RELATIONS)}
        read = dict(connection.execute(_READ).fetchall())
        connection.execute(statement.encode())
        locks = locked(connection, connection.info.backend_pid, {oid: name for oid, (name, _) in relations.items()})
        nodes = {oid: node for oid, _, node in connection.execute(_RELATIONS)}
        moved = {oid for oid, (_, node) in relations.items() if oid in nodes and nodes[oid] != node}
        more = {oid for oid, count in connection.execute(_READ) if oid in relations and count > read.get(oid, 0)}
    names = {oid: name for oid, (name, _) in relations.items()}
    return Seen(locks, frozenset(names[oid] for oid in moved & more), frozenset(names[oid] for oid in more))


def locked(connection: psycopg.Connection, pid: int, names: Mapping[int, str]) -> dict[str, Mode]:
    """What a session holds or waits for, of these relations; what holds up nothing is left out."""
    found: dict[str, Mode] = {}
    for oid, mode in connection.execute(_LOCKS, (pid,)):
        known = _MODES.get(mode)
        if known is not None and oid in names:
            found[names[oid]] = max(known, found.get(names[oid], known))
    return found


def relations(connection: psycopg.Connection) -> dict[int, str]:
    """The schema's relations, by oid."""
    return {oid: name for oid, name, _ in connection.execute(_RELATIONS)}


_MODES = {"".join(part.title() for part in mode.name.split("_")) + "Lock": mode for mode in Mode}
