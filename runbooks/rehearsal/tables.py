"""What has to be known of a table to make rows for it. Pure; names are quoted where SQL needs it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Make(StrEnum):
    """What a type is made of."""

    BASE = "base"
    ENUM = "enum"
    DOMAIN = "domain"
    COMPOSITE = "composite"
    RANGE = "range"
    MULTIRANGE = "multirange"
    ARRAY = "array"


@dataclass(frozen=True)
class Type:
    """A column's type, down to what it is made of."""

    name: str  # as a cast names it: character varying(20)
    base: str  # the catalog's name, which tells the family: varchar
    make: Make = Make.BASE
    length: int = 0  # characters or bits at most; 0: no limit
    digits: tuple[int, int] = (0, 0)  # of a numeric: all of them, and those after the point; (0, 0): no limit
    labels: tuple[str, ...] = ()  # of an enum, in order
    inner: "Type | None" = None  # an array's element, a domain's base, a range's subtype, a multirange's range
    fields: "tuple[Type, ...]" = ()  # of a composite
    checks: tuple[str, ...] = ()  # a domain's, which may hold examples of what is right
    not_null: bool = False  # of a domain

    @property
    def every(self) -> tuple[str, ...]:
        """Every value of an enum or a boolean, also under domains; empty of all others: they have too many."""
        made = self
        while made.make is Make.DOMAIN and made.inner is not None:
            made = made.inner
        return ("true", "false") if made.base == "bool" else made.labels


@dataclass(frozen=True)
class Column:
    """One column. `drawn`: its value comes from a sequence. `generated`: the expression that makes it."""

    name: str  # quoted where SQL needs it
    type: Type
    not_null: bool = False
    default: str = ""
    drawn: bool = False
    generated: str = ""

    @property
    def takes_null(self) -> bool:
        """Whether NULL may stand there, as far as column and type say."""
        inner: Type | None = self.type
        while inner is not None and inner.make is Make.DOMAIN:
            if inner.not_null:
                return False
            inner = inner.inner
        return not self.not_null


@dataclass(frozen=True)
class Reference:
    """A foreign key."""

    name: str  # as SET CONSTRAINTS takes it
    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]
    deferrable: bool = False
    full: bool = False  # MATCH FULL: all of its columns are NULL, or none


@dataclass(frozen=True)
class Key:
    """A unique or exclusion constraint, or a unique index; `columns` are all that it looks at."""

    name: str  # as the server names it in its error
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table, as far as rows depend on it."""

    name: str  # with its schema
    columns: tuple[Column, ...] = ()
    rules: tuple[str, ...] = ()  # expressions that may not be false: checks, and that some partition takes the row
    references: tuple[Reference, ...] = ()
    keys: tuple[Key, ...] = ()
    said: tuple[str, ...] = field(default=(), repr=False)  # the text of its triggers' functions
    forced: bool = False  # row security binds its owner too
    unfit: str = ""  # why no row can be put there at all, as a clause

    @property
    def columns_by_name(self) -> dict[str, Column]:
        """Its columns."""
        return {column.name: column for column in self.columns}
