"""A scratch database as a rehearsal sees it: nobody else's, made from the real schema, gone afterwards.

Tables are named with their schema, quoted where SQL needs it: `public.orders`, `app."Order"`.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from runbooks.rehearsal.catalogs import Fingerprint


class Statement(Protocol):
    """One statement of a file (what `analyse` makes of it)."""

    @property
    def text(self) -> str:
        """As written."""
        ...

    @property
    def line(self) -> int:
        """Of the file, where it begins."""
        ...

    @property
    def node(self) -> Any:
        """The parser's tree."""
        ...


@dataclass(frozen=True)
class File:
    """One SQL file, parsed."""

    name: str  # 024_orders_by_day.sql
    text: str
    statements: Sequence[Statement]


@dataclass(frozen=True)
class Pair:
    """A migration and its way back."""

    up: File
    back: File | None  # None: there is no script


@dataclass(frozen=True)
class Filled:
    """What became of an attempt to put rows into tables."""

    rows: Mapping[str, int] = field(default_factory=dict)  # table -> rows put in now
    unfilled: Mapping[str, str] = field(default_factory=dict)  # table -> why none could be, as a clause


COMPARED = 10_000
"""Rows of one table that are looked at, the first by its primary key, else by the digests of all its columns."""


@dataclass(frozen=True)
class Contents:
    """A table's rows, each value as its digest (NULL is None); the same row may come twice.

    `partial`: there are more than these, and these are the first.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    partial: bool = False


class RehearsalFailed(Exception):
    """A file failed on the scratch database; the error is one line, without values of rows."""

    def __init__(self, name: str, line: int, error: str) -> None:
        super().__init__(f"{name}:{line}: {error}")
        self.name = name
        self.line = line  # of the file; 0 where none is to blame
        self.error = error


class RehearsalUnfit(Exception):
    """No rehearsal is possible as it is set up; the message is a sentence that says what to change."""


class Scratch(Protocol):
    """One scratch database. Methods raise Unreachable where it is lost."""

    async def fingerprint(self) -> Fingerprint:
        """What its catalogs say now."""
        ...

    async def run(self, name: str, sql_text: str) -> None:
        """Run a file as a deploy would. Raises RehearsalFailed; a part of the file may stand then."""
        ...

    async def fill(self, tables: Collection[str]) -> Filled:
        """Put rows into these tables and into those they refer to; asked again, it adds further rows.

        Among the rows are, where the schema allows, a NULL in each column that takes it, and equal values in columns
        that are not unique: rows as the schema admits them, not as one hopes. A table that is not there is unfilled.
        """
        ...

    async def contents(self, tables: Collection[str]) -> Mapping[str, Contents]:
        """The rows of these tables; one that is not there is left out."""
        ...


class Rehearsals(Protocol):
    """The rehearsal server of one place."""

    def scratch(self) -> AbstractAsyncContextManager[Scratch]:
        """A new scratch database with the real schema and no rows; dropped at the end.

        Roles belong to the whole server: what files made of them is put back at the end as well, or the next
        rehearsal would meet it. Raises Unreachable, RehearsalUnfit.
        """
        ...
