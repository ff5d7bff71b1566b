"""What the service's database says of relations, made of the one JSON value that its query answers."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import errors

from bot.adapters.service_database.errors import sanitised
from bot.adapters.service_database.ledger import Connection
from bot.adapters.service_database.statements import statement
from runbooks.steps.migrations.relations import Column, ForeignKey, Relation, Relations
from runbooks.vocabulary import Json, Unreachable


def values(relations: Mapping[str, str], functions: frozenset[str], types: Mapping[str, str]) -> dict[str, object]:
    """The query's parameters."""
    return {
        "written": list(relations.keys()),
        "quoted": list(relations.values()),
        "functions": sorted(functions),
        "types": list(types.keys()),
        "quoted_types": list(types.values()),
    }


async def relations(connection: Connection, asked: Mapping[str, object], *, what: str) -> Relations:
    """Ask; raises Unreachable where the answer does not come in time, or not at all."""
    try:
        await connection.execute("set default_transaction_read_only = on")
        found = await (await connection.execute(statement("relations"), asked)).fetchone()
    except (errors.LockNotAvailable, errors.QueryCanceled) as cause:
        raise Unreachable(what, "another session holds one of the tables") from cause
    except psycopg.Error as cause:
        raise Unreachable(what, sanitised(cause)) from cause
    return relations_of(found[0]) if found else Relations()


def relations_of(answer: Json) -> Relations:
    """The query's answer, as the steps take it."""
    keys = tuple(_key(each) for each in answer["keys"])
    found = [_relation(each, keys) for each in answer["relations"]]
    major, minor = divmod(int(answer["server"]), 10_000)
    return Relations(
        by_name={each.name: each for each in found},
        asked=answer["asked"],
        steady=frozenset(answer["steady"]),
        own=frozenset(answer["own"]),
        checked_types=frozenset(answer["checked_types"]),
        server=f"{major}.{minor}",
    )


def _key(raw: Json) -> ForeignKey:
    return ForeignKey(raw["name"], raw["table"], tuple(raw["columns"]), raw["refers"], tuple(raw["referred"]))


def _relation(raw: Json, keys: tuple[ForeignKey, ...]) -> Relation:
    name = raw["name"]
    return Relation(
        name=name,
        kind=raw["kind"],
        size=None if raw["size"] is None else int(raw["size"]),
        rows=raw["rows"],
        table=raw["table"] or "",
        parents=tuple(raw["parents"] or ()),
        default=raw["default"] or "",
        children=tuple(raw["children"] or ()),
        columns={column: _column(*rest) for column, rest in (raw["columns"] or {}).items()},
        not_null=frozenset(raw["not_null"] or ()),
        checked=frozenset(raw["checked"] or ()),
        keys=tuple(key for key in keys if name in (key.table, key.refers)),
    )


def _column(kind: str, limits: Any) -> Column:
    return Column(kind, tuple(int(each) for each in limits.split(",")) if limits else ())
