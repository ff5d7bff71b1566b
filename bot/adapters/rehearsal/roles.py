"""Roles belong to a whole server, not to one database: what a rehearsal made of them is put back.

One rehearsal at a time on a server, or one puts back what the other is about to use.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from psycopg import AsyncConnection, sql

from bot.adapters.rehearsal.catalogs import read
from runbooks.rehearsal.things import Facts, Thing

Roles = dict[Thing, Facts]
_ATTRIBUTES = ("superuser", "inherit", "createrole", "createdb", "login", "replication", "bypassrls")


async def roles(connection: AsyncConnection[tuple[Any, ...]]) -> Roles:
    """The server's roles and memberships, as they are now."""
    return {thing: facts for thing, facts in await read(connection, "roles") if thing.kind in ("role", "membership")}


async def restore(connection: AsyncConnection[tuple[Any, ...]], before: Roles) -> None:
    """Make them as they were; scratch databases in which they own something must be gone.

    What the catalogs do not tell can't come back: the password of a role that was dropped. Errors are psycopg's own.
    """
    for statement in _statements(before, await roles(connection)):
        await connection.execute(statement.encode())


def _statements(before: Roles, after: Roles) -> Iterator[str]:
    made, dropped = after.keys() - before.keys(), before.keys() - after.keys()
    changed = {thing for thing in before.keys() & after.keys() if before[thing] != after[thing]}
    yield from (_written("drop", role=each.name) for each in sorted(made) if each.kind == "role")
    for role in sorted(dropped | changed):
        if role.kind == "role":
            yield from _role(role.name, before[role], is_new=role in dropped)
    gone = {f"role {each.name}" for each in made if each.kind == "role"}
    for each in sorted(made | dropped | changed):
        if each.kind != "membership" or {each.on, f"role {each.name}"} & gone:
            continue
        names = {"group": each.on.removeprefix("role "), "member": each.name}
        if each not in dropped:
            yield _written("out", **names)
        if each in before:
            given = {option: before[each][option] for option in ("admin", "inherit", "set") if option in before[each]}
            yield _written("in", **names, options=", ".join(f"{option} {value}" for option, value in given.items()))


def _role(role: str, facts: Facts, *, is_new: bool) -> Iterator[str]:
    if is_new:
        yield _written("make", role=role)
    has = facts.get("attributes", "").split(", ")
    limit, until = facts.get("connection limit", "-1"), _literal(facts.get("valid until", "infinity"))
    attributes = " ".join(each if each in has else f"no{each}" for each in _ATTRIBUTES)
    yield _written("set", role=role, attributes=attributes, limit=limit, until=until)
    yield _written("comment", role=role, comment=_literal(facts.get("comment", "")))
    yield _written("settings", role=role)
    for setting in filter(None, facts.get("settings", "").split("; ")):
        name, _, value = setting.partition("=")
        written = {"name": _literal(name), "value": _literal(value), "setting": name}
        yield _written("setting", role=role, **written)


def _literal(value: str) -> str:
    return sql.Literal(value).as_string(None)


@cache
def _text(name: str) -> str:
    return files("bot.sql").joinpath(f"rehearsal/roles_{name}.sql").read_text()


def _written(name: str, /, **parts: str) -> str:
    return _text(name).format(**parts)
