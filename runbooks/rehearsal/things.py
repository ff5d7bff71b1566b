"""What a database's catalogs say, as plain data. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

POSITION = "position"
ORDER = "columns"  # of a relation: in their order
NAME_OF_NOT_NULL = "name of not null"
VIEWS = ("view", "materialized view")
RELATIONS = ("table", "foreign table", *VIEWS)
Facts = Mapping[str, str]


@dataclass(frozen=True, order=True)
class Thing:
    """One object of a database, named so that it is the same in a copy made elsewhere."""

    kind: str  # "index"
    name: str  # "public.orders_by_day"; of a column, constraint, trigger or policy its own name
    on: str = ""  # "table public.orders": what it belongs to, where its name is unique only there

    @property
    def label(self) -> str:
        """How others refer to it in their `on`."""
        return (
            f"column {self.on.partition(' ')[2]}.{self.name}" if self.kind == "column" else f"{self.kind} {self.name}"
        )


@dataclass(frozen=True)
class Fingerprint:
    """All objects of a database, each with its facts (`{"definition": "..."}`)."""

    things: Mapping[Thing, Facts]


class Mark(StrEnum):
    """How an object differs from what was there before."""

    LEFT = "left"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """One object that is not as before. A `note` changes nothing that a statement with named columns would see."""

    mark: Mark
    thing: Thing
    facts: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of a change: before and after, "" is none
    note: bool = False
