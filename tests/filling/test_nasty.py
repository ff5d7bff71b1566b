"""The rows that a schema admits are made; where none is, it is said why."""

from typing import Any

import psycopg
import pytest

from bot.adapters.rehearsal.filling import fill
from tests.filling.nasty import NASTY, Nasty
from tests.fixtures.postgres import DatabaseFactory


@pytest.mark.parametrize("nasty", NASTY, ids=lambda nasty: nasty.name)
async def test_every_schema_gets_its_rows_or_a_reason(nasty: Nasty, database: DatabaseFactory) -> None:
    async with await psycopg.AsyncConnection.connect(database(), autocommit=True) as connection:
        await connection.execute(nasty.schema.encode())
        filled = await fill(connection, [*nasty.rows, *nasty.why])
        counted = {table: await count(connection, table) for table in nasty.rows}
    assert (counted, set(filled.unfilled)) == (nasty.rows, set(nasty.why)), filled
    assert {table: said for table, said in filled.unfilled.items() if nasty.why[table] not in said} == {}


async def count(connection: psycopg.AsyncConnection[Any], table: str) -> int:
    return len(await (await connection.execute(f"table {table}".encode())).fetchall())
