"""The rows of a table come in the same order every time; that there are more than are looked at is said."""

import psycopg
import pytest

from bot.adapters.rehearsal.contents import contents
from runbooks.rehearsal.scratch import Contents
from tests.fixtures.postgres import DatabaseFactory

MOVES = "update t set note = note where note in ('1', '3')"  # they are written anew, behind the others


async def looked_at(connection: psycopg.AsyncConnection[tuple[object, ...]], most: int) -> Contents:
    return (await contents(connection, ["public.t"], most))["public.t"]


@pytest.mark.parametrize("key", ["", ", primary key (b, a)", ", unique (a)"])
async def test_the_first_of_many_are_the_same_whatever_was_written_since(key: str, database: DatabaseFactory) -> None:
    async with await psycopg.AsyncConnection.connect(database(), autocommit=True) as connection:
        await connection.execute(f"create table t (a int, b int, note text, place point{key})".encode())
        await connection.execute("insert into t select n, 10 - n, n, '(1,1)' from generate_series(1, 5) n")
        first = await looked_at(connection, 3)
        await connection.execute(MOVES)
        assert await looked_at(connection, 3) == first
        whole = await looked_at(connection, 5)
    assert (first.partial, len(first.rows), whole.partial, len(whole.rows)) == (True, 3, False, 5)
    assert whole.rows[:3] == first.rows


async def test_those_with_the_lowest_keys_come_first(database: DatabaseFactory) -> None:
    async with await psycopg.AsyncConnection.connect(database(), autocommit=True) as connection:
        await connection.execute("create table t (note text, id int primary key)")
        await connection.execute("insert into t values ('c', 30), ('b', 200), ('a', 4)")
        found = await looked_at(connection, 2)
        digests = await (
            await connection.execute("select md5(n), md5(i) from (values ('a', '4'), ('c', '30')) v (n, i)")
        ).fetchall()
    assert found.rows == tuple(digests)


async def test_a_table_without_columns_has_its_rows(database: DatabaseFactory) -> None:
    async with await psycopg.AsyncConnection.connect(database(), autocommit=True) as connection:
        await connection.execute("create table t (); insert into t default values; insert into t default values")
        assert (await looked_at(connection, 5)) == Contents((), ((), ()))
