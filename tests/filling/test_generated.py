"""Schemas made at random get rows, on which a careless script fails; what gets none is said."""

from typing import Any

import psycopg

from bot.adapters.rehearsal.contents import contents
from bot.adapters.rehearsal.filling import fill
from runbooks.rehearsal.scratch import Contents, Filled
from tests.filling.generated import Made, schema
from tests.fixtures.postgres import DatabaseFactory

SEEDS = range(8)
AT_LEAST = 0.97  # of the tables that a row fits into


async def filled(url: str, made: Made, times: int = 1) -> tuple[Filled, dict[str, Contents]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(made.schema.encode())
        for _ in range(times):
            told = await fill(connection, made.tables)
        return told, await contents(connection, made.tables)


async def test_nearly_all_tables_get_rows_and_the_others_are_said(database: DatabaseFactory) -> None:
    fitting, got, without_null, without_twin, free = 0, 0, [], [], 0
    for seed in SEEDS:
        made = schema(seed)
        told, rows = await filled(database(), made)
        empty = {name for name in made.tables if not rows[name].rows}
        assert empty == set(told.unfilled), (seed, told)
        assert made.barred <= empty, seed
        assert all(told.unfilled.values())
        fitting += len(made.tables) - len(made.barred)
        got += len(made.tables) - len(empty)
        without_null += [(seed, *at) for at in made.nullable if at[0] not in empty and None not in values(rows, *at)]
        shown = [at for at in made.free if at[0] not in empty]
        without_twin += [(seed, *at) for at in shown if len(set(values(rows, *at))) == len(values(rows, *at))]
        free += len(shown)
    assert fitting > 60
    assert got >= AT_LEAST * fitting, (got, fitting)
    assert without_null == []
    assert len(without_twin) < free * 0.1, without_twin  # a key may move what a check ties to it


def values(rows: dict[str, Contents], table: str, column: str) -> list[Any]:
    at = rows[table].columns.index(column)
    return [row[at] for row in rows[table].rows]


async def test_the_same_schema_gets_the_same_rows(database: DatabaseFactory) -> None:
    made = schema(3)
    (_, first), (_, second) = await filled(database(), made), await filled(database(), made)
    assert {t: sorted(map(str, c.rows)) for t, c in first.items()} == {
        t: sorted(map(str, c.rows)) for t, c in second.items()
    }


async def test_asked_again_it_adds_rows(database: DatabaseFactory) -> None:
    made = schema(5)
    _, once = await filled(database(), made)
    told, twice = await filled(database(), made, times=2)
    more = [name for name in made.tables if len(twice[name].rows) > len(once[name].rows)]
    assert len(more) >= 0.9 * len([name for name in made.tables if once[name].rows]), told
