"""Where psycopg's errors become the steps' own, fit to be shown: no values of rows, no addresses."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from runbooks.steps.migrations.database import AnswerLost, DatabaseUnfit, ScriptFailed
from runbooks.steps.migrations.sql import Statement
from runbooks.vocabulary import Unreachable

_LONGEST = 300  # characters of an error that are shown
_ENDED = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleInTransactionSessionTimeout)
_WAITED = (errors.LockNotAvailable, errors.DeadlockDetected)
_VALUE = re.compile(r':? ".*"', re.DOTALL)


def is_lost(error: psycopg.Error, connection: psycopg.AsyncConnection) -> bool:
    """Whether the connection is gone, so that the statement's outcome is not known."""
    return connection.closed or isinstance(error, (*_ENDED, psycopg.InterfaceError))


def sanitised(error: psycopg.Error) -> str:
    """The server's sentence in one line, without its details; data it could not read is left out."""
    lines = (error.diag.message_primary or str(error)).splitlines()
    line = lines[0] if lines else type(error).__name__
    if isinstance(error, psycopg.DataError):
        line = _VALUE.sub("", line)
    return line[:_LONGEST].rstrip(". ")


def failed(error: psycopg.Error, connection: psycopg.AsyncConnection, at: Statement | None = None) -> Exception:
    """What a script's error is to the step: AnswerLost, or ScriptFailed with its line."""
    if is_lost(error, connection):
        return AnswerLost(sanitised(error))
    told = sanitised(error)
    if isinstance(error, errors.LockNotAvailable):
        told = "it did not get its lock in time"
    return ScriptFailed(told, line=_line(error, at), kept=False, waited=isinstance(error, _WAITED), at=at)


@contextmanager
def telling(connection: psycopg.AsyncConnection) -> Iterator[None]:
    """Raises what an error is to the step: AnswerLost, ScriptFailed."""
    try:
        yield
    except psycopg.Error as cause:
        raise failed(cause, connection) from cause


def _line(error: psycopg.Error, at: Statement | None) -> int:
    if at is None:
        return 0
    position = int(error.diag.statement_position or 1)  # counted in characters from 1
    return at.line + at.text.count("\n", 0, position - 1)


@contextmanager
def translated(what: str, connection: psycopg.AsyncConnection) -> Iterator[None]:
    """Raises Unreachable or DatabaseUnfit; any other error is a defect and passes as it is."""
    try:
        yield
    except errors.InsufficientPrivilege as cause:
        raise DatabaseUnfit(
            f"In {what}, Opsbot's role may not use its schema: {sanitised(cause)}. "
            "Make that role the owner of the schema opsbot and all in it."
        ) from cause
    except (errors.LockNotAvailable, errors.QueryCanceled) as cause:
        raise Unreachable(what, "another session holds the ledger of migrations") from cause
    except psycopg.Error as cause:
        if is_lost(cause, connection):
            raise Unreachable(what, sanitised(cause)) from cause
        raise
