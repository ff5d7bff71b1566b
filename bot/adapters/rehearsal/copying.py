"""Makes a database with the real schema: its roles, then its dump, or else its chain of migrations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg
from psycopg import errors, sql

from bot.adapters.rehearsal.catalogs import fingerprint
from bot.adapters.rehearsal.dump import NoDump, dump
from bot.adapters.rehearsal.running import run_file
from bot.adapters.rehearsal.server import Server
from bot.adapters.rehearsal.statements import statement
from bot.adapters.rehearsal.writing import Connection, literal, written
from bot.adapters.service_database.errors import sanitised
from runbooks.rehearsal.catalogs import POSITION, Fingerprint, differences
from runbooks.rehearsal.scratch import RehearsalFailed, RehearsalUnfit
from runbooks.rehearsal.sentences import named
from runbooks.steps.migrations.files import Migration

_PATH = "public"  # where names are looked up if nobody sets it otherwise
_SHOWN = 3  # differences that are named
_OF_THE_SERVER = ("role", "membership", "database")  # kinds of things that no copy of a schema brings


@dataclass(frozen=True)
class Real:
    """What a copy needs of the real database. `text` is its dump, "" where there is none, and `why` not."""

    roles: Sequence[tuple[str, Sequence[str]]]  # each with those that it is a member of
    encoding: str
    collate: str
    ctype: str
    path: str
    text: str = ""
    why: str = ""
    catalogs: Fingerprint | None = None  # read where there is no dump, to hold the copy against


async def read(connection: Connection, url: str, server: Server) -> Real:
    """All of it, without changing anything there."""
    roles = await (await connection.execute(statement("real_roles"))).fetchall()
    facts = await (await connection.execute(statement("real_facts"))).fetchone()
    assert facts is not None  # noqa: S101 # the connected database is always there
    encoding, collate, ctype, path = facts
    real = Real([(name, tuple(groups)) for name, groups in roles], encoding, collate, ctype, path)
    try:
        return replace(real, text=await dump(url, server.major))
    except NoDump as cause:
        return replace(real, why=str(cause), catalogs=await fingerprint(connection))


async def missing_roles(here: Connection, real: Connection) -> list[str]:
    """Roles of the real server that are not here."""
    known = await _known(here)
    return [name for name, *_ in await (await real.execute(statement("real_roles"))).fetchall() if name not in known]


async def make_roles(connection: Connection, here: Server, real: Real) -> None:
    """The real roles that are missing here, NOLOGIN and without a password, and whose members they are.

    Raises RehearsalUnfit where this role may not make them.
    """
    known = await _known(connection)
    missing = [name for name, _ in real.roles if name not in known]
    if missing and not here.may_make_roles:
        raise RehearsalUnfit(
            f"On the rehearsal server these roles of the real one are missing: {', '.join(missing)}. "
            f"The role {here.role} may not make them. "
            f"Run there, as its administrator: ALTER ROLE {here.role} CREATEROLE;"
        )
    try:
        for name in missing:
            await connection.execute(written("roles_new", role=quoted(name)).encode())
        for name, groups in real.roles:
            for group in groups if name in missing else ():
                await connection.execute(written("roles_member", group=quoted(group), member=quoted(name)).encode())
    except errors.InsufficientPrivilege as cause:
        raise RehearsalUnfit(
            f"On the rehearsal server, roles can't be made as they are: {sanitised(cause)}."
        ) from cause
    if not here.superuser:
        await _become_member(connection, here, [name for name, _ in real.roles if not known.get(name)])


async def _become_member(connection: Connection, here: Server, names: Sequence[str]) -> None:
    """So that objects can be given to them; where that is refused, the copy says of which one."""
    for name in names:
        if name != here.role:
            try:
                await connection.execute(
                    written("roles_member", group=quoted(name), member=quoted(here.role)).encode()
                )
            except (errors.InsufficientPrivilege, errors.InvalidGrantOperation):
                continue


async def make_database(connection: Connection, name: str, real: Real) -> None:
    """An empty one, with the real one's encoding and order of letters where the server knows it."""
    as_real = f"encoding {literal(real.encoding)} lc_collate {literal(real.collate)} lc_ctype {literal(real.ctype)}"
    plain = f"encoding {literal(real.encoding)} lc_collate 'C' lc_ctype 'C'"
    for options in (as_real, plain):
        text = written("scratch_make", name=quoted(name), template="template0", options=options)
        try:
            await connection.execute(text.encode())
        except (errors.WrongObjectType, errors.InvalidParameterValue):  # a locale that is not installed there
            if options == plain:
                raise
        else:
            break
    if real.path != _PATH:
        await connection.execute(written("scratch_path", name=quoted(name), path=real.path or "''").encode())


async def restore(connection: Connection, real: Real, role: str) -> str:
    """Run the dump, on a connection that is closed afterwards; what of it is otherwise. Raises RehearsalUnfit."""
    known = await _known(connection)
    everybody = [name for name, _ in real.roles]
    barred = [name for name in everybody if not known.get(name)]
    for owners in (barred, everybody):  # in one transaction each: nothing stays of a first try
        try:
            await connection.execute(_without_owners(real.text, owners).encode())
        except errors.InsufficientPrivilege as cause:
            if owners == everybody:
                raise RehearsalUnfit(_not_restored(cause, role)) from cause
            await connection.rollback()
        except psycopg.Error as cause:
            raise RehearsalUnfit(_not_restored(cause, role)) from cause
        else:
            return f", where what {' and '.join(owners[:_SHOWN])} owns belongs to {role}" if owners else ""
    return ""


async def _known(connection: Connection) -> dict[str, bool]:
    """The roles that are here, and whether the connected one may act as each."""
    found: list[tuple[str, bool]] = await (await connection.execute(statement("roles_known"))).fetchall()
    return dict(found)


def _without_owners(text: str, names: Sequence[str]) -> str:
    """The dump, where what belongs to these roles belongs to whoever restores it: nothing can be given to them."""
    if not names:
        return text
    these = "|".join(sorted(re.escape(way) for name in names for way in (name, quoted(name))))
    return re.sub(
        rf"^(ALTER [^\n]* OWNER TO ({these});|ALTER DEFAULT PRIVILEGES FOR ROLE ({these}) [^\n]*;)$",
        "",
        text,
        flags=re.MULTILINE,
    )


def _not_restored(cause: psycopg.Error, role: str) -> str:
    told = sanitised(cause)
    begun = f"The real schema can't be made on the rehearsal server: {told}."
    if isinstance(cause, (errors.FeatureNotSupported, errors.UndefinedFile)) and "extension" in told:
        return f"{begun} Install that extension's files there."
    if isinstance(cause, errors.InsufficientPrivilege):
        return f"{begun} Grant what is missing there to {role}, or let a superuser of that server rehearse."
    if isinstance(cause, errors.OutOfMemory):
        return f"{begun} Raise max_locks_per_transaction there."
    return begun


async def replay(connection: Connection, real: Real, migrations: Sequence[Migration]) -> None:
    """The chain as far as the real ledger stands; raises RehearsalUnfit where that is not the real schema."""
    for migration in migrations:
        try:
            await run_file(connection, migration.name, migration.text)
        except RehearsalFailed as cause:
            raise RehearsalUnfit(
                f"There is no dump of the real schema ({real.why}), "
                f"and the chain of migrations does not make it again: {cause}. "
                "Install pg_dump of the server's version beside Opsbot."
            ) from cause
    if real.catalogs is None:
        return
    found = differences(_of_the_schema(real.catalogs), _of_the_schema(await fingerprint(connection)))
    if others := [named(each.thing) for each in found if not each.note]:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise RehearsalUnfit(
            f"There is no dump of the real schema ({real.why}), and the chain of migrations makes another one: "
            f"{', '.join(others[:_SHOWN])}{more} would differ. Install pg_dump of the server's version beside Opsbot."
        )


def _of_the_schema(catalogs: Fingerprint) -> Fingerprint:
    """Without what belongs to the server or follows from rows, and without owners: another role runs the chain."""
    return Fingerprint(
        {
            thing: {fact: value for fact, value in facts.items() if fact not in ("owner", POSITION)}
            for thing, facts in catalogs.things.items()
            if thing.kind not in (*_OF_THE_SERVER, "privileges")
        }
    )


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return sql.Identifier(name).as_string(None)
