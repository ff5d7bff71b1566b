"""Runs a file on a scratch database just as a deploy runs it on the real one, but for the ledger."""

from datetime import timedelta

from bot.adapters.service_database import ledger
from bot.adapters.service_database.errors import telling
from bot.adapters.service_database.running import Connection, forget, run_as_written, run_in_transaction
from runbooks.rehearsal.scratch import RehearsalFailed
from runbooks.steps.migrations.database import AnswerLost, ScriptFailed
from runbooks.steps.migrations.sql import Kind, Sql, SqlRefused, analyse
from runbooks.vocabulary import Unreachable

_NO_LIMIT = timedelta(0)


async def run_file(connection: Connection, name: str, text: str, *, timeout: timedelta = _NO_LIMIT) -> None:
    """Run it as its kind asks, each statement at most for `timeout` (zero: no limit), on a connection in autocommit.

    Raises RehearsalFailed, and Unreachable where the connection is lost.
    """
    try:
        sql = analyse(name, text)
        await forget(connection)
        await ledger.limit(connection, lock=_NO_LIMIT, statements=timeout)
        await _run(connection, sql)
        await forget(connection)
    except SqlRefused as cause:
        raise _refused(name, cause) from cause
    except ScriptFailed as cause:
        await forget(connection)
        raise RehearsalFailed(name, cause.line, cause.error) from cause
    except AnswerLost as cause:
        raise Unreachable("the rehearsal database", str(cause)) from cause


async def _run(connection: Connection, sql: Sql) -> None:
    if sql.kind is not Kind.PLAIN:
        await run_as_written(connection, sql, _go_on)
        return
    with telling(connection):
        async with connection.transaction():
            await run_in_transaction(connection, sql)
            await connection.execute("reset session authorization")  # as before its row in the ledger


async def _go_on() -> None:
    """Nobody else works on a scratch database."""


def _refused(name: str, cause: SqlRefused) -> RehearsalFailed:
    place, _, told = cause.faults[0].removeprefix(f"{name}:").partition(": ")
    return RehearsalFailed(name, int(place) if place.isdigit() else 0, told.rstrip(". "))
