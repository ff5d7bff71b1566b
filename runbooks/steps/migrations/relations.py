"""What the service's database says of the relations that migrations touch: sizes, families, foreign keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runbooks.steps.base import Site


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key, of the table that has it to the table that it refers to; server's names."""

    name: str
    table: str
    columns: tuple[str, ...]
    refers: str
    referred: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column's type: the server's own name of it ("varchar") and what stands in brackets behind it."""

    type: str
    limits: tuple[int, ...] = ()


@dataclass(frozen=True)
class Relation:
    """One relation. `kind` is that of pg_class; "" where the database has none of that name, or was not asked."""

    name: str
    kind: str = ""
    size: int | None = None  # bytes with indexes and TOAST, of its partitions too; None: not known
    rows: int | None = None  # estimated, of its partitions too; None: never counted
    table: str = ""  # of an index: whose
    parents: tuple[str, ...] = ()  # of a partition
    default: str = ""  # the default partition
    children: tuple[str, ...] = ()  # partitions and heirs, of all generations
    columns: Mapping[str, Column] = field(default_factory=dict)
    not_null: frozenset[str] = frozenset()  # columns that are known to hold no null
    checked: frozenset[str] = frozenset()  # columns in a valid CHECK
    keys: tuple[ForeignKey, ...] = ()  # to others and from others
    new: bool = False  # made by the migrations themselves

    @property
    def partitioned(self) -> bool:
        """Whether it has no rows of its own, only partitions have."""
        return self.kind in ("p", "I")

    @property
    def is_index(self) -> bool:
        """Whether it is an index."""
        return self.kind in ("i", "I")


@dataclass(frozen=True)
class Relations:
    """All that was asked about. An empty one knows nothing, and everything is judged by the text alone."""

    by_name: Mapping[str, Relation] = field(default_factory=dict)  # by the server's name
    asked: Mapping[str, str] = field(default_factory=dict)  # as written, to the server's name
    steady: frozenset[str] = frozenset()  # the server's own functions that are not volatile
    own: frozenset[str] = frozenset()  # the server's own functions
    checked_types: frozenset[str] = frozenset()  # domains with constraints, as written
    server: str = ""  # its version: "18.4"; "" where it was not asked
    why_not: str = ""  # why the database was not asked, a clause

    def find(self, written: str) -> Relation:
        """The relation of that name; one that is not known where there is none."""
        return self.at(self.asked.get(written, written))

    def at(self, name: str) -> Relation:
        """By the server's name."""
        return self.by_name.get(name) or Relation(name)

    def lacks(self, relation: Relation) -> bool:
        """Whether the database was asked, and has none of that name."""
        return bool(self.server) and not relation.kind and not relation.new

    def family(self, relation: Relation) -> Iterator[Relation]:
        """It, its partitions and heirs."""
        yield relation
        yield from map(self.at, relation.children)


class Catalogs(Protocol):
    """The catalogs of the services' databases. Raises Unreachable, DatabaseUnfit."""

    async def relations(
        self, site: Site, relations: Mapping[str, str], *, functions: frozenset[str], types: Mapping[str, str]
    ) -> Relations:
        """What is there of these; relations and types as written, to quoted. Reads only, and not for long."""
        ...
