"""Puts the rows of one table in, one after the other; the table itself judges each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

import psycopg
from psycopg import errors

from bot.adapters.rehearsal.reasons import reason
from bot.adapters.rehearsal.writing import Connection, literal, written
from bot.adapters.service_database.errors import is_lost
from runbooks.rehearsal.rows import Row, Rows
from runbooks.rehearsal.tables import Table

_TRIES = 25  # of one row whose keys are taken
_SWEEP = 120  # of rows of all kinds for a table that took none yet
_SWEEP_MORE = 8  # and for one that has some


@dataclass
class Making:
    """The rows of one table as they go in."""

    connection: Connection
    table: Table
    rows: Rows
    why: str = ""

    def __post_init__(self) -> None:
        lacking = [name for group in self.rows.groups if not group.values for name in group.columns]
        self.why = f"no value was found for its column {', '.join(lacking)}" if lacking else "no row could be made"

    async def all(self) -> int:
        """Two that are equal as far as may be, one that differs, one as empty as may be, every label; how many."""
        made = sum([await self.make(kind) for kind in self._kinds()])
        if not made and await self._any(_SWEEP):
            made = 1 + sum([await self.make(kind) for kind in self._kinds()])
        return made + await self._labels() if made else 0

    async def _labels(self) -> int:
        """A row for each label of an enum, and each truth value, that none has yet: a script may fail on one."""
        made = 0
        for column in self.table.columns:
            for value in column.type.every:
                made += await self._made(partial(self.rows.showing, column.name, value)) or 0
        return made

    def _kinds(self) -> tuple[Callable[[], Row | None], ...]:
        return (self.rows.plain, self.rows.plain, self.rows.other, self.rows.emptiest)

    async def make(self, kind: Callable[[], Row | None]) -> int:
        """One row of that kind, or of any where that is refused; 0 where none is taken."""
        if (made := await self._made(kind)) is not None:
            return made
        return int(bool(self.rows.kept) and await self._any(_SWEEP_MORE))

    async def _made(self, kind: Callable[[], Row | None]) -> int | None:
        """How many of that kind went in: 0 where there is none (left), None where they are refused."""
        for _ in range(_TRIES):
            row = kind()
            if row is None:  # all that differ are in
                return 0
            taken, key = await self._insert(row)
            if taken:
                return 1
            if not key or not self.rows.refuse(row, key):
                break
        return None

    async def _any(self, most: int) -> bool:
        for row in islice(self.rows.sweep(), most):
            if (await self._insert(row))[0]:
                return True
        return False

    async def _insert(self, row: Row) -> tuple[bool, str]:
        """Whether it went in; else the key that is taken, "" where it is something else."""
        columns = self.table.columns_by_name
        text = written("fill_insert_defaults", table=self.table.name)
        if row:
            values = [f"{literal(value)}::{columns[name].type.name}" for name, value in row.items()]
            text = written("fill_insert", table=self.table.name, columns=", ".join(row), values=", ".join(values))
        try:
            async with self.connection.transaction():
                cursor = await self.connection.execute(text.encode())
        except (errors.UniqueViolation, errors.ExclusionViolation) as cause:
            self.why = reason(cause)
            return False, cause.diag.constraint_name or "?"
        except psycopg.Error as cause:
            if is_lost(cause, self.connection):
                raise
            self.why = reason(cause)
            return False, ""
        if not cursor.rowcount:
            self.why = "a trigger drops the rows tried"
            return False, ""
        self.rows.keep(row)
        return True, ""
