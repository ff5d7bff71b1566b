"""Bringing the bot's own schema up to date, as its owner, and letting the bot's user in.

Each file of `bot/sql/migrations` runs once, in one transaction with its row in the ledger.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bot.adapters.postgres.pool import understood
from bot.adapters.postgres.queries import query

ROLE = "opsbot_bot"  # migration 001 creates it; it holds every grant


class MigrationRefused(Exception):
    """The schema is not what the files say, or not to be changed like this; the message says what to do."""


@dataclass(frozen=True)
class Migration:
    """One file of the schema; its checksum is the SHA-256 of its text, hex."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What the ledger keeps, to notice a file that changed after it was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """The files, in order. MigrationRefused where their numbers have gaps or repeat."""
    found = [
        Migration(int(file.name.partition("_")[0]), file.name, file.read_text())
        for file in files("bot.sql").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationRefused(f"migrations are not numbered 1, 2, 3: {[m.name for m in found]}")
    return tuple(found)


def migrate(owner_url: str, wanted: tuple[Migration, ...] | None = None) -> list[str]:
    """Apply what is missing; answers the names of the files applied now. Blocks. Raises MigrationRefused.

    One migrator runs at a time; a second waits for the first, then finds nothing to do.
    """
    with _owned(owner_url) as connection:
        connection.execute(query("lock_ledger"))
        connection.execute(query("create_ledger"))
        return [_apply(connection, migration) for migration in pending(connection, wanted or migrations())]


@contextmanager
def _owned(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the owner. MigrationRefused where that is not who it is."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as exc:
        user = conninfo_to_dict(url).get("user")
        raise MigrationRefused(
            f"the database does not let {user} do that ({exc.diag.message_primary}): "
            "use the URL of the role that owns the tables, and that may create roles"
        ) from exc


def pending(
    connection: psycopg.Connection[tuple[object, ...]], wanted: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    """What is not applied yet. MigrationRefused where a file changed after it was applied."""
    applied = {row[0]: row for row in connection.execute(query("ledger"))}
    for migration in wanted:
        _, name, checksum = applied.get(migration.number, (0, migration.name, migration.checksum))
        if checksum != migration.checksum:
            raise MigrationRefused(
                f"{migration.name} changed after it was applied here (as {name}): restore it, and add a new file"
            )
    return tuple(migration for migration in wanted if migration.number not in applied)


def _apply(connection: psycopg.Connection[tuple[object, ...]], migration: Migration) -> str:
    with connection.transaction():
        connection.execute(migration.text.encode())
        row: Mapping[str, object] = {
            "number": migration.number,
            "name": migration.name,
            "checksum": migration.checksum,
        }
        connection.execute(query("enter_in_ledger"), row)
    return migration.name


def grant_login(owner_url: str, bot_url: str) -> None:
    """See that the user named in the bot's URL exists, with its password, and may do the bot's work and no more.

    Blocks. Raises MigrationRefused where that user is the owner or a superuser.
    """
    told = understood(bot_url)
    user, password = told.get("user"), told.get("password")
    if not user:
        raise MigrationRefused("the bot's database URL names no user")
    with _owned(owner_url) as connection:
        known = connection.execute(query("login"), {"name": user}).fetchone()
        if user == connection.info.user or (known and known[0]):
            raise MigrationRefused(
                f"the database user {user} is the owner or a superuser: the bot needs one of its own"
            )
        role = sql.Identifier(str(user))
        connection.execute(sql.SQL("alter role {} login" if known else "create role {} login").format(role))
        if password:
            secret = connection.pgconn.encrypt_password(str(password).encode(), str(user).encode(), b"scram-sha-256")
            connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(secret.decode())))
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(ROLE), role))
