"""Which tables scripts touch, and what refers to those: the tables that a rehearsal needs rows in. Pure.

Rather one too many: a table with rows that nobody looks at costs nothing.
"""

from collections.abc import Iterable, Mapping

from runbooks.rehearsal.mentions import bare, words
from runbooks.rehearsal.scratch import File
from runbooks.rehearsal.things import Fingerprint, Thing

_TABLES = ("table", "foreign table")
_PARTS = ("index", "statistics", "trigger", "policy", "rule")
_TYPES = ("enum", "domain", "composite type", "range type", "type")
_VIEWS = ("view", "materialized view")


def touched(files: Iterable[File | None], among: Fingerprint) -> tuple[str, ...]:
    """The tables of a database that these files name, in any way, with what inherits from and refers to them."""
    said = frozenset[str]().union(*(words(file.text) for file in files if file))
    tables = {thing.name for thing in among.things if thing.kind in _TABLES and bare(thing.name) in said}
    for thing, facts in among.things.items():
        if thing.kind in _PARTS and bare(thing.name) in said:
            tables.add(thing.on.partition(" ")[2])
        if thing.kind in _TYPES and bare(thing.name) in said:
            tables |= _with_column_of(thing.name, among)
        if thing.kind in _VIEWS and bare(thing.name) in said:
            below = words(facts.get("definition", ""))
            tables |= {each.name for each in among.things if each.kind in _TABLES and bare(each.name) in below}
    there = {thing.name for thing in among.things if thing.kind in _TABLES}
    return tuple(sorted(_with_neighbours(tables & there, among.things)))


def _with_column_of(type_name: str, among: Fingerprint) -> set[str]:
    return {
        thing.on.partition(" ")[2]
        for thing, facts in among.things.items()
        if thing.kind == "column" and facts.get("type", "").removesuffix("[]") == type_name
    }


def _with_neighbours(tables: set[str], things: Mapping[Thing, Mapping[str, str]]) -> set[str]:
    """These tables, their partitions and heirs, those they inherit from, and those that refer to them."""
    found = set(tables)
    for thing, facts in things.items():
        parents = set(facts.get("parents", "").split(", ")) - {""}
        if thing.kind in _TABLES and parents & tables:
            found.add(thing.name)
        if thing.kind in _TABLES and thing.name in tables:
            found |= parents
        if thing.kind == "constraint" and facts.get("references") in tables:
            found.add(thing.on.partition(" ")[2])
    return found
