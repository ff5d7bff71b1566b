"""Schemas that behave the same have the same fingerprint, by whatever way they came about."""

import asyncio
import subprocess

import psycopg
import pytest

from bot.adapters.rehearsal.catalogs import fingerprint
from runbooks.rehearsal.catalogs import differences
from runbooks.rehearsal.things import Fingerprint
from sandbox.postgres import program
from tests.fixtures.postgres import DatabaseFactory
from tests.rehearsal.scratches import TestRehearsals


def put_back(original: str, copy: str) -> None:
    """A copy by way of pg_dump and psql."""
    dump = subprocess.run([str(program("pg_dump")), original], check=True, capture_output=True).stdout
    psql = [str(program("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1", copy]
    subprocess.run(psql, input=dump, check=True, capture_output=True)


async def of(url: str) -> Fingerprint:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await fingerprint(connection)


@pytest.mark.parametrize("schema", ["shop", "nasty"])
async def test_a_dump_that_is_put_back_elsewhere(
    schema: str, request: pytest.FixtureRequest, database: DatabaseFactory
) -> None:
    rehearsals: TestRehearsals = request.getfixturevalue(schema)
    async with rehearsals.scratch() as scratch:
        before, copy = await scratch.fingerprint(), database()
        await asyncio.to_thread(put_back, rehearsals.url, copy)
        found = differences(before, await of(copy))
    assert len(before.things) > 50
    assert [each for each in found if not each.note] == []
