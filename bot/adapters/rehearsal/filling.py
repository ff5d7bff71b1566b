"""Puts made-up rows into tables of a scratch database, and says of each table that took none why not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice

import psycopg

from bot.adapters.rehearsal.making import Making
from bot.adapters.rehearsal.reasons import reason
from bot.adapters.rehearsal.schema import Described, describe
from bot.adapters.rehearsal.solving import Given, Solver
from bot.adapters.rehearsal.writing import Connection, asked, literal, written
from bot.adapters.service_database.errors import is_lost
from runbooks.rehearsal.order import batches, may_be_empty, next_of
from runbooks.rehearsal.rows import Row, Rows
from runbooks.rehearsal.scratch import Filled
from runbooks.rehearsal.tables import Key, Reference, Table


async def fill(connection: Connection, names: Collection[str]) -> Filled:
    """Put some rows into these tables and all that they refer to, in one transaction.

    The connection is in autocommit. A table that took none is said, never an error; raises psycopg.Error where the
    connection is lost.
    """
    async with connection.transaction():
        await asked(connection, written("fill_settings"))
        await asked(connection, written("fill_immediate", names="all"))
        described = await describe(connection, names)
        filling = _Filling(connection, described)
        for batch in batches(described.tables):
            await filling.batch(batch)
        return filling.told()


class _Broken(Exception):
    """What refers to each other can't be made; the message is why, as a clause."""


@dataclass
class _Filling:
    connection: Connection
    described: Described
    rows: dict[str, int] = field(default_factory=dict)  # by table: put in now
    unfilled: dict[str, str] = field(default_factory=dict)
    promises: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # by table: rows that others count on

    def __post_init__(self) -> None:
        self.solver = Solver(self.connection)

    @property
    def tables(self) -> Mapping[str, Table]:
        return self.described.tables

    def told(self) -> Filled:
        asked_for = {name: full for name, full in self.described.asked.items() if full in self.unfilled}
        names = {full: name for name, full in self.described.asked.items()}
        unfilled = {**self.described.lacking, **{name: self.unfilled[full] for name, full in asked_for.items()}}
        return Filled({names.get(full, full): n for full, n in self.rows.items()}, unfilled)

    async def batch(self, batch: list[str]) -> None:
        if len(batch) == 1:
            await self._table(self.tables[batch[0]], ahead=set())
            await self._link(batch)
            return
        before = dict(self.rows), dict(self.unfilled)
        try:
            async with self.connection.transaction():
                await self._circle(batch)
        except _Broken as cause:
            self.rows, self.unfilled = before
            self.unfilled |= {name: str(cause) for name in batch}
        self.promises.clear()

    async def _circle(self, batch: list[str]) -> None:
        """Tables that refer to each other: what may be empty is linked later, what may be late is promised."""
        left = set(batch)
        later = [r.name for name in batch for r in self.tables[name].references if r.deferrable and r.table in left]
        if later:
            await asked(self.connection, written("fill_deferred", names=", ".join(later)))
        while left:
            table = self.tables[next_of(self.tables, left)]
            left.discard(table.name)
            await self._table(table, ahead=left)
            if table.name in self.unfilled and self.promises.get(table.name):
                raise _Broken(f"{table.name}, which must have a row for it, has none: {self.unfilled[table.name]}")
        await self._link(batch)
        try:
            await asked(self.connection, written("fill_immediate", names="all"))
        except psycopg.Error as cause:
            self._unless_lost(cause)
            raise _Broken(reason(cause)) from cause

    async def _table(self, table: Table, ahead: set[str]) -> None:
        """Rows for one table; `ahead` are those that get theirs later."""
        self.unfilled.pop(table.name, None)
        try:
            given = table.unfit or await self._given(table, ahead)
            if isinstance(given, str):
                self.unfilled[table.name] = given
                return
            async with self.connection.transaction(), _Unforced(self.connection, table):
                made, why = await self._rows_of(table, given)
        except psycopg.Error as cause:
            self._unless_lost(cause)
            made, why = 0, reason(cause)
        if made:
            self.rows[table.name] = made
        elif not await self._count(table):
            self.unfilled[table.name] = why

    async def _given(self, table: Table, ahead: set[str]) -> Given | str:
        """What is known of the columns that refer; or why no row can be."""
        known: dict[Reference, list[tuple[str, ...]]] = {}
        promised: dict[Reference, Table] = {}
        empty: set[str] = set()
        for reference in table.references:
            if reference.table == table.name or (rows := await self._known(reference)):
                known[reference] = [] if reference.table == table.name else rows
            elif may_be_empty(table, reference):
                nullable = [name for name in reference.columns if table.columns_by_name[name].takes_null]
                empty |= set(nullable)
            elif reference.table not in ahead:
                why = self.unfilled.get(reference.table, "it has no row that can be referred to")
                return f"it refers to {reference.table}, for which no row could be made: {why}"
            elif reference.deferrable:
                promised[reference] = self.tables[reference.table]
            else:
                return (
                    f"it and {reference.table} refer to each other, "
                    "and neither reference may be empty or be checked at the end of the transaction"
                )
        return Given(known, promised, frozenset(empty), start=await self._count(table))

    async def _known(self, reference: Reference) -> list[tuple[str, ...]]:
        columns = ", ".join(reference.to)
        texts = ", ".join(f"({name})::text" for name in reference.to)
        return await asked(
            self.connection, written("fill_known", columns=columns, texts=texts, table=reference.table)
        )

    async def _count(self, table: Table) -> int:
        found = await asked(self.connection, written("fill_count", table=table.name))
        return int(found[0][0])

    async def _rows_of(self, table: Table, given: Given) -> tuple[int, str]:
        """How many rows there are now, and why there is none."""
        made = 0
        for must in self.promises.pop(table.name, []):
            one = Making(self.connection, table, await self._rows(table, given, must=must))
            made += await one.make(one.rows.plain)
            if not made:
                raise _Broken(f"{table.name} takes no row that others can refer to: {one.why}")
        making = Making(self.connection, table, await self._rows(table, given))
        made += await making.all()
        if not made and table.said:
            making.rows = await self._rows(table, given, hinted=table.said)
            made += await making.all()
        self._promise(given, making.rows.kept)
        return made, making.why

    async def _rows(
        self, table: Table, given: Given, *, must: Mapping[str, str] | None = None, hinted: tuple[str, ...] = ()
    ) -> Rows:
        now = Given(given.known, given.promised, given.empty, must or {}, given.start, hinted)
        return Rows(await self.solver.groups(table, now), [_plain_key(table, key) for key in table.keys])

    def _promise(self, given: Given, kept: Collection[Row]) -> None:
        for reference in given.promised:
            there = self.promises.setdefault(reference.table, [])
            for row in kept:
                pairs = zip(reference.to, reference.columns, strict=True)
                promise = {to: value for to, name in pairs if (value := row[name]) is not None}
                if promise not in there and len(promise) == len(reference.to):
                    there.append(promise)

    async def _link(self, batch: Collection[str]) -> None:
        """Give references that stayed empty a row, where the table lets us."""
        for name in sorted(batch):
            for reference in self.tables[name].references:
                if reference.table not in batch or not self.rows.get(name):
                    continue
                try:
                    for values in islice(await self._known(reference), 1):
                        await asked(self.connection, _link(self.tables[name], reference, values))
                except psycopg.Error as cause:
                    self._unless_lost(cause)

    def _unless_lost(self, cause: psycopg.Error) -> None:
        if is_lost(cause, self.connection):
            raise cause


def _link(table: Table, reference: Reference, values: tuple[str, ...]) -> str:
    types = [table.columns_by_name[name].type.name for name in reference.columns]
    pairs = [f"{literal(value)}::{name}" for value, name in zip(values, types, strict=True)]
    empty = " or ".join(f"{name} is null" for name in reference.columns)
    columns = ", ".join(reference.columns)
    return written("fill_link", table=table.name, columns=columns, values=", ".join(pairs), empty=f"({empty})")


def _plain_key(table: Table, key: Key) -> Key:
    """The key, as one of columns that values are written to."""
    from_generated = {c.name: c.generated for c in table.columns if c.generated}
    if not set(key.columns) & from_generated.keys():
        return key
    text = " ".join(from_generated.get(name, name) for name in key.columns)
    return Key(key.name, tuple(c.name for c in table.columns if c.name in text and not c.generated))


@dataclass
class _Unforced:
    """Row security does not bind the table's owner for as long as the block; nor does it a superuser anyway."""

    connection: Connection
    table: Table
    changed: bool = False

    async def __aenter__(self) -> None:
        if self.table.forced and not (await asked(self.connection, written("fill_bypasses")))[0][0]:
            await asked(self.connection, written("fill_forced", table=self.table.name, how="no force"))
            self.changed = True

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.changed and kind is None:
            await asked(self.connection, written("fill_forced", table=self.table.name, how="force"))
