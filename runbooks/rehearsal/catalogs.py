"""What a database's catalogs say, as plain data, and how two of them differ. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Thing:
    """One object of a database, named so that it is the same in a copy made elsewhere."""

    kind: str  # "index"
    name: str  # "public.orders_by_day"; of a column, constraint, trigger or policy its own name
    on: str = ""  # "public.orders": what it belongs to, where its name is unique only there


@dataclass(frozen=True)
class Fingerprint:
    """All objects of a database, each with its facts (`{"definition": "..."}`)."""

    things: Mapping[Thing, Mapping[str, str]]
