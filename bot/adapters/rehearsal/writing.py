"""Statements whose tables, columns and values are known only when they are run, filled in from their files."""

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection, sql

from bot.adapters.rehearsal.statements import statement

Connection = AsyncConnection[tuple[Any, ...]]


def written(name: str, /, **parts: object) -> str:
    """The statement of that name with these parts; names and expressions come from the catalogs, quoted there."""
    return statement(name).decode().format(**parts)


def literal(value: str | None) -> str:
    """A value as SQL has it."""
    return "null" if value is None else sql.Literal(value).as_string(None).strip()


def listing(values: Iterable[str | None]) -> str:
    """An array of texts."""
    return f"array[{', '.join(map(literal, values))}]"


async def asked(connection: Connection, text: str) -> list[tuple[Any, ...]]:
    """Run it in a savepoint; its rows."""
    async with connection.transaction():
        cursor = await connection.execute(text.encode())
        return await cursor.fetchall() if cursor.description else []
