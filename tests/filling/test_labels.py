"""Each label of an enum, and both truth values, stand in some row, as far as keys and rules let them."""

import psycopg
import pytest

from bot.adapters.rehearsal.filling import fill
from tests.fixtures.postgres import DatabaseFactory

MOODS = ("sad", "ok", "happy", 'it\'s "odd"', "gone")
TYPE = "create type mood as enum ('sad', 'ok', 'happy', 'it''s \"odd\"', 'gone');"
REFUSES = """
create function f() returns trigger language plpgsql as $$ begin
  if new.mood = 'ok' then raise exception 'not ok'; end if; return new; end $$;
create trigger f before insert on t for each row execute function f();
"""


@pytest.mark.parametrize(
    ("schema", "seen"),
    [
        ("create table t (id serial primary key, mood mood not null)", MOODS),
        ("create table t (mood mood primary key)", MOODS),
        ("create table t (mood mood, n int not null unique)", MOODS),
        ("create domain feeling as mood not null; create table t (mood feeling, room int not null)", MOODS),
        ("create table t (mood mood not null check (mood <> 'gone'), n int)", MOODS[:-1]),
        ("create table t (one bool primary key default true check (one), mood mood not null)", MOODS[:1]),
        (f"create table t (mood mood not null, n int); {REFUSES}", (MOODS[0], *MOODS[2:])),
        (
            "create table m (mood mood primary key check (mood < 'happy')); create table t (mood mood references m)",
            MOODS[:2],
        ),
    ],
)
async def test_every_label_that_fits(schema: str, seen: tuple[str, ...], database: DatabaseFactory) -> None:
    async with await psycopg.AsyncConnection.connect(database(), autocommit=True) as connection:
        await connection.execute(f"{TYPE} {schema}".encode())
        assert (await fill(connection, ["t"])).unfilled == {}
        found = await (
            await connection.execute("select distinct mood::text from t where mood is not null")
        ).fetchall()
    assert {mood for (mood,) in found} == set(seen)


async def test_both_truth_values_and_the_labels_of_two_columns(database: DatabaseFactory) -> None:
    async with await psycopg.AsyncConnection.connect(database(), autocommit=True) as connection:
        await connection.execute(
            f"{TYPE} create table t (a mood not null, b mood not null, c bool not null)".encode()
        )
        await fill(connection, ["t"])
        rows = await (await connection.execute("select a::text, b::text, c from t")).fetchall()
    assert [set(column) for column in zip(*rows, strict=True)] == [set(MOODS), set(MOODS), {True, False}]
    assert len(rows) < 2 * len(MOODS) + 5
