"""Reads what a database's catalogs say into a Fingerprint."""

from functools import cache
from importlib.resources import files
from typing import Any

from psycopg import AsyncConnection, sql

from runbooks.rehearsal.catalogs import POSITION, Fingerprint, Thing

_PARTS = (
    "relations",
    "columns",
    "constraints",
    "indexes",
    "triggers",
    "routines",
    "types",
    "sequences",
    "privileges",
    "roles",
    "others",
)


async def fingerprint(connection: AsyncConnection[tuple[Any, ...]]) -> Fingerprint:
    """All objects of the connected database but those of the schema opsbot, as of one moment. Changes nothing.

    The connection must stand outside a transaction. Errors are psycopg's own.
    """
    things: dict[Thing, dict[str, str]] = {}
    async with connection.transaction():
        await connection.execute(_text("begin"))
        for part in _PARTS:
            things.update(await read(connection, part))
        for thing, facts in things.items():
            if thing.kind == "sequence":
                facts[POSITION] = await _position(connection, thing)
    return Fingerprint(things)


async def read(connection: AsyncConnection[tuple[Any, ...]], part: str) -> list[tuple[Thing, dict[str, str]]]:
    """The objects of one part of the catalogs; names are written as the session's search_path has them."""
    found = await (await connection.execute(_text(part))).fetchall()
    return [
        (Thing(kind, name, on), {fact: str(value) for fact, value in facts.items()})
        for kind, name, on, facts in found
    ]


async def _position(connection: AsyncConnection[tuple[Any, ...]], sequence: Thing) -> str:
    """The last number of a sequence, with a sign where it was not given away yet: "7", "1 next"."""
    query = sql.SQL(_text("position").decode()).format(sql.SQL(sequence.name))  # quoted by the server
    row = await (await connection.execute(query)).fetchone()
    assert row is not None  # noqa: S101 # a sequence always has one row
    last, called = row
    return last if called else f"{last} next"


@cache
def _text(name: str) -> bytes:
    return files("bot.sql").joinpath(f"rehearsal/catalogs_{name}.sql").read_bytes()
