"""The ledger and its fence, statement by statement, on a connection that is given."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection, errors

from bot.adapters.service_database.statements import statement
from runbooks.steps.migrations.database import DatabaseUnfit, Row, State
from runbooks.vocabulary import Fenced, Unreachable

Connection = AsyncConnection[tuple[Any, ...]]
_WATCH = "1000"  # milliseconds in which the server notices that its client is gone


@dataclass(frozen=True)
class DatabaseRole:
    """The connected role, what it may do that migrations do not need, and the server's version."""

    name: str
    superuser: bool
    bypasses_row_security: bool
    server: str


async def role(connection: Connection) -> DatabaseRole:
    """Who is connected."""
    return DatabaseRole(*await _one(connection, "role"))


async def limit(connection: Connection, *, lock: timedelta, statements: timedelta) -> None:
    """What statements may wait for and take; zero is no limit."""
    limits = {"lock": _milliseconds(lock), "statement": _milliseconds(statements)}
    try:
        await connection.execute(statement("limits"), {**limits, "watch": _WATCH})
    except errors.InvalidParameterValue:  # a server on a system that can't watch its clients
        await connection.execute(statement("limits"), {**limits, "watch": "0"})


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration / timedelta(milliseconds=1)))


async def stands(connection: Connection, *, what: str) -> bool:
    """Whether the ledger is there. Raises DatabaseUnfit where it is not and this role could not make it."""
    there, may_make, role, database = await _one(connection, "standing")
    if not there and not may_make:
        raise DatabaseUnfit(
            f"{what[0].upper() + what[1:]} has no ledger of migrations yet, and the role {role} may not make one. "
            f"Run there, once: CREATE SCHEMA opsbot AUTHORIZATION {role}; "
            f"or: GRANT CREATE ON DATABASE {database} TO {role};"
        )
    return bool(there)


async def bootstrap(connection: Connection, *, what: str) -> None:
    """Make the ledger and the fence where they are not there yet."""
    if not await stands(connection, what=what):
        async with connection.transaction():
            await connection.execute(statement("bootstrap"))


async def rows(connection: Connection) -> tuple[Row, ...]:
    """The ledger, by number."""
    found = await (await connection.execute(statement("rows"))).fetchall()
    return tuple(Row(n, name, total, State(state), *rest) for n, name, total, state, *rest in found)


async def epoch(connection: Connection) -> int:
    """The epoch on the fence."""
    found = await (await connection.execute(statement("newer"), {"epoch": 0})).fetchone()
    return int(found[0]) if found else 0


async def claim(connection: Connection, epoch: int) -> None:
    """Take the fence row until the transaction ends. Raises Fenced where a newer epoch is there."""
    found = await connection.execute(statement("claim"), {"epoch": epoch})
    if await found.fetchone() is None:
        raise Fenced("a newer epoch is on the database's fence")


async def refuse_if_fenced(connection: Connection, epoch: int) -> None:
    """Raises Fenced where a newer epoch is there; takes nothing."""
    found = await connection.execute(statement("newer"), {"epoch": epoch})
    if (row := await found.fetchone()) is not None:
        raise Fenced(f"epoch {row[0]} is on the database's fence, ours is {epoch}")


async def fence(connection: Connection, epoch: int, *, what: str) -> None:
    """End all other sessions that migrate, then write the epoch. Raises Fenced, or Unreachable where one stays."""
    await refuse_if_fenced(connection, epoch)
    others = await _sessions(connection, epoch)
    for pid, name in others:
        with suppress(errors.InsufficientPrivilege):
            await connection.execute(statement("terminate"), {"pid": pid, "name": name})
    still = await _sessions(connection, epoch) if others else ()
    if left := [f"{name} (process {pid})" for pid, name in still]:
        raise Unreachable(what, f"{', '.join(left)} still works there and could not be ended; end it by hand")
    await claim(connection, epoch)


async def _sessions(connection: Connection, epoch: int) -> Sequence[tuple[Any, ...]]:
    return await (await connection.execute(statement("sessions"), {"epoch": epoch})).fetchall()


async def lock(connection: Connection) -> bool:
    """Become the one session that migrates; False where another one is."""
    (taken,) = await _one(connection, "lock")
    return bool(taken)


async def lock_holders(connection: Connection) -> tuple[bool, str]:
    """Whether this session holds the lock, and who else does."""
    mine, others = await _one(connection, "locked")
    return bool(mine), others or "another session"


async def unlock(connection: Connection) -> bool:
    """Give the lock back; False where this session did not hold it."""
    (released,) = await _one(connection, "unlock")
    return bool(released)


async def _one(connection: Connection, name: str) -> tuple[Any, ...]:
    row = await (await connection.execute(statement(name))).fetchone()
    assert row is not None  # noqa: S101 # these statements always answer one row
    return row
