"""Counts rows of tables that a script names, bounded in rows and in time; whatever keeps from it is said."""

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic

import psycopg
from psycopg import errors, sql

from bot.adapters.service_database import ledger
from bot.adapters.service_database.errors import is_lost, sanitised
from bot.adapters.service_database.statements import statement
from runbooks.steps.migrations.counting import LIMIT, Counted, Counts, NotCounted, Place

IN_ALL = timedelta(seconds=4)
_EACH, _LOCK = timedelta(seconds=2), timedelta(seconds=0.5)
_WHY: dict[type[psycopg.Error], str] = {
    errors.UndefinedTable: "it is not there",
    errors.InvalidSchemaName: "it is not there",
    errors.UndefinedColumn: "it is not there",
    errors.InsufficientPrivilege: "Opsbot's role may not read all of it",
    errors.QueryCanceled: "it took too long",
    errors.LockNotAvailable: "something else has locked it",
}


async def count(connection: ledger.Connection, places: Sequence[Place], limit: int = LIMIT) -> Counts:
    """Each place's rows, up to `limit`; in all within `IN_ALL`."""
    await ledger.limit(connection, lock=_LOCK, statements=_EACH)
    await connection.execute(statement("count_all"))
    until, found = monotonic() + IN_ALL.total_seconds(), {}
    for place in places:
        late = monotonic() > until or connection.closed
        found[place] = NotCounted("it took too long") if late else await _count(connection, place, limit)
    return found


async def _count(connection: ledger.Connection, place: Place, limit: int) -> Counted | NotCounted:
    name = "count_values" if place.column else "count_rows"
    names = {"table": sql.Identifier(*place.table), "column": sql.Identifier(place.column or "none")}
    query = sql.SQL(statement(name).decode()).format(**names)
    try:
        row = await (await connection.execute(query, {"limit": limit + 1})).fetchone()
    except psycopg.Error as cause:
        if is_lost(cause, connection):
            return NotCounted("the database stopped answering")
        return NotCounted(next((why for kind, why in _WHY.items() if isinstance(cause, kind)), sanitised(cause)))
    assert row is not None  # noqa: S101  # an aggregate always answers one row
    rows, holding = row
    return Counted(min(rows, limit), holding, more=rows > limit)
