"""Reads what has to be known of tables to make rows for them, from a database's catalogs."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection

from bot.adapters.rehearsal.statements import statement
from runbooks.rehearsal.tables import Column, Key, Make, Reference, Table, Type

Connection = AsyncConnection[tuple[Any, ...]]
_KINDS = {"r": "", "p": "", "v": "a view", "m": "a materialised view", "f": "a foreign table", "i": "an index"}
_KINDS |= {"S": "a sequence", "c": "a type", "t": "a part of another table", "I": "an index"}
_MAKES = {"c": Make.COMPOSITE, "d": Make.DOMAIN, "e": Make.ENUM, "m": Make.MULTIRANGE, "r": Make.RANGE}
_DEEPEST = 8  # types made of types; a table's row type may hold itself


@dataclass(frozen=True)
class Described:
    """Tables by their full name, with all that they refer to; what was asked for, and what of it is not there."""

    tables: dict[str, Table]
    asked: dict[str, str]  # as it was asked for -> its full name
    lacking: dict[str, str]  # as it was asked for -> why no row can be put there, as a clause


async def describe(connection: Connection, names: Collection[str]) -> Described:
    """These tables and all that they refer to. The connection is in autocommit or in a transaction of ours."""
    asked, lacking, oids = await _named(connection, sorted(set(names)))
    found = await _rows(connection, "schema_closure", oids)
    full = {oid: name for oid, name, *_ in found}
    types = _Types({row[0]: row for row in await _all(connection, "schema_types")})
    parts = {part: await _by_table(connection, f"schema_{part}", list(full)) for part in _PARTS}
    tables = {}
    for oid, name, kind, forced, bare in found:
        tables[name] = Table(
            name,
            columns=tuple(_column(types, row) for row in parts["columns"][oid]),
            rules=tuple(dict.fromkeys(row[0] for row in parts["rules"][oid])),
            references=tuple(_reference(full, row) for row in parts["references"][oid]),
            keys=tuple(Key(key, tuple(columns)) for key, columns in parts["keys"][oid]),
            said=tuple(row[0] for row in parts["triggers"][oid]),
            forced=forced,
            unfit="it has no partition that could take a row" if bare else _unfit(kind),
        )
    return Described(tables, asked, lacking)


_PARTS = ("columns", "rules", "references", "keys", "triggers")


async def _named(connection: Connection, names: list[str]) -> tuple[dict[str, str], dict[str, str], list[int]]:
    asked, lacking, oids = {}, {}, []
    for name in names:
        try:
            async with connection.transaction():
                row = await (await connection.execute(statement("schema_named"), {"name": name})).fetchone()
        except (psycopg.errors.SyntaxErrorOrAccessRuleViolation, psycopg.DataError):
            row = None  # no name at all
        if row is None:
            lacking[name] = "there is no such table"
        elif row[3]:
            lacking[name] = "it belongs to the server"
        elif why := _unfit(row[2]):
            lacking[name] = why
        else:
            asked[name] = row[1]
            oids.append(row[0])
    return asked, lacking, oids


def _unfit(kind: str) -> str:
    what = _KINDS.get(kind, "no table")
    return f"it is {what}" if what else ""


async def _all(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement(name))).fetchall()


async def _rows(connection: Connection, name: str, tables: list[int]) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement(name), {"tables": tables})).fetchall()


async def _by_table(connection: Connection, name: str, tables: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for oid, *rest in await _rows(connection, name, tables):
        found[oid].append(tuple(rest))
    return found


def _column(types: "_Types", row: tuple[Any, ...]) -> Column:
    name, oid, modifier, shown, not_null, expression, is_generated, drawn = row
    made = types.of(oid, modifier, shown)
    return Column(
        name,
        made,
        not_null=not_null,
        default="" if is_generated else expression,
        drawn=drawn,
        generated=expression if is_generated else "",
    )


def _reference(full: dict[int, str], row: tuple[Any, ...]) -> Reference:
    name, table, columns, to, deferrable, is_full = row
    return Reference(name, tuple(columns), full[table], tuple(to), deferrable=deferrable, full=is_full)


@dataclass(frozen=True)
class _Types:
    """The rows of `schema_types.sql`, by their oid."""

    rows: dict[int, tuple[Any, ...]]

    def of(self, oid: int, modifier: int, shown: str = "", depth: int = 0) -> Type:
        """The type; `shown` is its name with its modifier."""
        if oid not in self.rows or depth > _DEEPEST:
            return Type(shown or "text", "")
        _, name, base, kind, category, element, under, under_modifier, not_null, subtype, *lists = self.rows[oid]
        labels, parts, modifiers, checks = lists
        make = _MAKES.get(kind, Make.ARRAY if category == "A" and element and base[0] == "_" else Make.BASE)
        inner: Type | None = None
        fields: tuple[Type, ...] = ()
        match make:
            case Make.ARRAY:
                inner = self.of(element, modifier, "", depth + 1)
            case Make.DOMAIN:
                inner = self.of(under, under_modifier, "", depth + 1)
            case Make.RANGE | Make.MULTIRANGE:
                inner = self.of(subtype, -1, "", depth + 1)
            case Make.COMPOSITE:
                pairs = zip(parts, modifiers, strict=True)
                fields = tuple(self.of(part, of_part, "", depth + 1) for part, of_part in pairs)
        length, digits = _limits(base, modifier)
        return Type(
            shown or name,
            base,
            make,
            length=length,
            digits=digits,
            labels=tuple(labels),
            inner=inner,
            fields=fields,
            checks=tuple(checks),
            not_null=not_null,
        )


def _limits(base: str, modifier: int) -> tuple[int, tuple[int, int]]:
    """Length, and digits, from the type modifier as PostgreSQL keeps it."""
    if base == "char":
        return 1, (0, 0)
    if modifier < 0:
        return 0, (0, 0)
    if base in ("varchar", "bpchar"):
        return modifier - 4, (0, 0)
    if base in ("bit", "varbit"):
        return modifier, (0, 0)
    if base == "numeric":
        scale = (modifier - 4) & 0x7FF
        return 0, (((modifier - 4) >> 16) & 0xFFFF, scale - 0x800 if scale & 0x400 else scale)
    return 0, (0, 0)
