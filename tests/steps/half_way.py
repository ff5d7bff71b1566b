"""Migrations to be cut off half-way, the turn that applies them, and what holds them there."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from runbooks.steps.base import Turn
from runbooks.vocabulary import Outcome
from tests.fixtures.schemas import Schema

WAITS = {
    "022_shifts.sql": "create table shifts ();\nselect pg_advisory_xact_lock(42);\ncreate table late ();\n",
    "022_rollback.sql": "drop table shifts, late;",
}
OWN = {
    "022_shifts.sql": "begin;\ncreate table shifts ();\ncommit;\n"
    "select pg_advisory_lock(42);\ncreate table late ();\nselect pg_advisory_unlock(42);\n",
    "022_rollback.sql": "drop table shifts, late;",
}


def back(number: str) -> dict[str, str]:
    return {f"{number}_rollback.sql": "select 1;"}


async def applying(schema: Schema, *parts: dict[str, str], epoch: int = 7, **limits: float) -> Turn:
    return await schema.turn(schema.apply, schema.site(schema.release(*parts), **limits), epoch=epoch)


@asynccontextmanager
async def held_up(schema: Schema, doing: Coroutine[Any, Any, Outcome]) -> AsyncIterator[asyncio.Task[Outcome]]:
    """What waits half-way for lock 42, which is let go at the end of the block."""
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(doing)
        await schema.is_blocked()
        yield task
