"""What the database itself refuses: by privilege to the bot's role, by constraint to everybody."""

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes, Inbox, Work
from tests.fixtures.store import StoreDatabase
from tests.store.counter import add, added

FORBIDDEN = [
    "update events set data = '{}'",
    "delete from events",
    "truncate events",
    "update inbox set reply = '{}'",
    "delete from inbox",
    "update blobs set data = ''",
    "delete from blobs",
    "update streams set name = 'counter/other'",
    "update streams set born = default",
    "delete from streams",
    "update reservations set stream = 'counter/other'",
    "delete from work",
    "delete from messages",
    "update messages set key = 'other'",
    "update messages set channel = 'C9'",
    "update work set key = 'counter/other'",
    "insert into schema_migrations values (99, 'own.sql', 'x')",
    "select setval('epochs', 1)",
    "create table own (id int)",
    "create function own() returns int language sql as 'select 1'",
    "alter table events disable trigger all",
    "alter table events drop constraint events_link",
    "drop table events",
    "create role friend",
    "alter role current_user superuser",
    "set session_replication_role = replica",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_bots_role_may_not(store: PostgresStore, store_database: StoreDatabase, statement: str) -> None:
    await add(store, "counter/a", added(holds=("api",), look_after=0), inbox=Inbox("key", {}))
    await store.put(b"data")
    with (
        psycopg.connect(store_database.url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


EVENT = (
    "insert into events (stream, version, data, actor, at, previous, hash) "
    "values ('{}', {}, '{{}}', 'opsbot', now(), '{}', '{}');"
)


def _event(version: int = 1, *, previous: str = "", hash_: str = "a" * 64, stream: str = "counter/a") -> str:
    return EVENT.format(stream, version, previous, hash_)


A, B = "a" * 64, "b" * 64
STREAM = "insert into streams (name, version, head, fold, state) values ('{}', {}, '{}', 1, '{{}}');"

BROKEN = {
    "events_version_positive": _event(0, previous=A),
    "events_hash_is_sha256": _event(hash_="A" * 64),
    "events_first_has_no_previous": _event(previous=A),
    "events_pkey": _event() + _event(hash_=B),
    "events_link": _event() + _event(3, previous=A, hash_=B),
    "streams_head_stands": _event() + STREAM.format("counter/a", 1, B),
    "streams_name_has_room": _event(stream="counter") + STREAM.format("counter", 1, A),
    "streams_pkey": _event() + STREAM.format("counter/a", 1, A) * 2,
    "reservations_stream_stands": "insert into reservations values ('api', 'counter/none')",
    "reservations_target_named": "insert into reservations values ('', 'counter/none')",
    "work_named": "insert into work (kind, key) values ('counter', '')",
    "work_epoch_not_behind_claim": "insert into work (kind, key, claimed_epoch) values ('counter', 'counter/a', 1)",
    "work_leased_by_a_claim": "insert into work (kind, key, leased_until) values ('counter', 'counter/a', now())",
    "inbox_pkey": "insert into inbox values ('key', '{}', now()), ('key', '{}', now())",
    "inbox_key_named": "insert into inbox values ('', '{}', now())",
    "messages_posted_has_time": "insert into messages values ('k', 's', 'C0', null, '1.2', 'b', now(), null)",
    "messages_named": "insert into messages values ('k', 's', '', null, null, 'b', now(), null)",
}


@pytest.mark.parametrize("constraint", BROKEN)
def test_the_database_refuses(store_database: StoreDatabase, constraint: str) -> None:
    with psycopg.connect(store_database.owner_url) as connection, pytest.raises(psycopg.IntegrityError) as refused:
        connection.execute(BROKEN[constraint])
    assert refused.value.diag.constraint_name == constraint


def test_a_link_to_another_event_than_the_last_is_refused(store_database: StoreDatabase) -> None:
    with psycopg.connect(store_database.owner_url) as connection:
        connection.execute(_event())
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="events_link"):
            connection.execute(_event(2, previous=B, hash_=B))


async def test_a_defect_is_not_taken_for_a_conflict(store: PostgresStore) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await store.commit(Changes(wake=(Work("", "counter/a"),)))
