"""Runs a script's statements on a connection, as its kind asks; what is recorded of it is the caller's."""

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from bot.adapters.service_database.errors import failed, telling
from bot.adapters.service_database.statements import statement
from runbooks.steps.migrations.database import ScriptFailed
from runbooks.steps.migrations.sql import Sql, Statement, outside_only

Connection = AsyncConnection[tuple[Any, ...]]


async def run_in_transaction(connection: Connection, sql: Sql) -> None:
    """A plain script, in the transaction that the caller holds. Raises ScriptFailed, AnswerLost."""
    for part in sql.statements:
        await _execute(connection, part)


async def run_as_written(connection: Connection, sql: Sql, may_go_on: Callable[[], Awaitable[None]]) -> None:
    """Statement by statement in autocommit; `may_go_on` is asked before each that stands alone.

    Raises ScriptFailed, also where an index that was built concurrently is not valid, and AnswerLost.
    """
    kept = False  # whether anything is committed already
    for part in sql.statements:
        alone = _is_idle(connection)
        if alone:
            await may_go_on()
        try:
            await _execute(connection, part)
        except ScriptFailed as cause:
            await connection.rollback()
            left = kept or (alone and outside_only(part.node))
            told = ". ".join(filter(None, (cause.error, await _unfit(connection, sql, missing=False))))
            raise ScriptFailed(told, line=cause.line, kept=left, waited=cause.waited, at=cause.at) from cause
        kept = kept or _is_idle(connection)
    if told := await _unfit(connection, sql, missing=True):
        raise ScriptFailed(told, line=0, kept=True)


async def forget(connection: Connection) -> None:
    """Leave nothing of what the file before has set or made in the session."""
    await connection.execute(statement("prepare"))


async def _unfit(connection: Connection, sql: Sql, *, missing: bool) -> str:
    """Which of the indexes built concurrently are left unfit, and how to be rid of them; "" where none is.

    One that is `missing` counts only where all were to be built.
    """
    with telling(connection):
        found = await (await connection.execute(statement("invalid"), {"names": list(sql.indexes)})).fetchall()
    told = [
        f"The index {name} is left invalid: `drop index concurrently {name};` before it is built again"
        for name, there in found
        if there
    ]
    return ". ".join([*told, *(f"The index {name} is not there" for name, there in found if missing and not there)])


async def _execute(connection: Connection, part: Statement) -> None:
    try:
        await connection.execute(part.text.encode())
    except psycopg.Error as cause:
        raise failed(cause, connection, part) from cause


def _is_idle(connection: Connection) -> bool:
    return connection.info.transaction_status is TransactionStatus.IDLE
