"""Which server an address leads to, and whether scratch databases may be made there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from bot.adapters.rehearsal.addresses import with_options
from bot.adapters.rehearsal.statements import statement
from bot.adapters.rehearsal.writing import Connection
from bot.adapters.service_database.errors import is_lost, sanitised
from bot.adapters.service_database.ledger import limit
from runbooks.rehearsal.scratch import RehearsalUnfit
from runbooks.vocabulary import Unreachable

_ANSWERS_WITHIN = timedelta(seconds=20)
_CONNECTION: dict[str, str | int] = {
    "connect_timeout": 5,
    "client_encoding": "utf8",
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "opsbot rehearsal",
}


@dataclass(frozen=True)
class Server:
    """One PostgreSQL server, as it tells itself; `identifier` is "" where the role may not read it."""

    identifier: str
    started: str  # to the microsecond, which no two servers share
    major: int
    version: str
    role: str
    may_make_databases: bool
    may_make_roles: bool
    superuser: bool
    standby: bool

    def is_also(self, other: "Server") -> bool:
        """Whether both addresses lead to one server, or to physical copies of one."""
        if self.identifier and other.identifier:
            return self.identifier == other.identifier
        return self.started == other.started


@dataclass(frozen=True)
class Address:
    """Where a database is: the variable that holds its URL, and how people know it."""

    variable: str
    what: str  # "the rehearsal database of orders production"


@dataclass(frozen=True)
class Addresses:
    """Connects by variables; no error of it holds what a variable holds."""

    url_of: Callable[[str], str]

    @asynccontextmanager
    async def connected(
        self, address: Address, database: str = "", *, options: str = ""
    ) -> AsyncIterator[Connection]:
        """In autocommit, to the database that the address names, or to another one there. Raises Unreachable.

        `options` are further ones of the session, as PostgreSQL takes them: "-c role=api".
        """
        connection = await self._connect(address, database, options)
        try:
            await limit(connection, lock=_ANSWERS_WITHIN, statements=_ANSWERS_WITHIN)
            yield connection
        except psycopg.Error as cause:
            if is_lost(cause, connection) or isinstance(cause, errors.QueryCanceled):
                raise Unreachable(address.what, sanitised(cause)) from cause
            raise
        finally:
            await connection.close()

    async def _connect(self, address: Address, database: str, options: str) -> Connection:
        other = {"dbname": database} if database else {}
        try:
            told = make_conninfo(with_options(self.url_of(address.variable), options), **_CONNECTION, **other)
        except (KeyError, psycopg.ProgrammingError):
            # The cause is left out: it quotes the address, password included.
            raise Unreachable(address.what, f"{address.variable} holds no address of a PostgreSQL database") from None
        try:
            return await psycopg.AsyncConnection.connect(told, autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError as cause:
            raise Unreachable(address.what, sanitised(cause)) from cause

    async def server(self, address: Address) -> Server:
        """Which one it is."""
        async with self.connected(address) as connection:
            return await server(connection)


async def server(connection: Connection) -> Server:
    """Which server this is."""
    found = await (await connection.execute(statement("server_facts"))).fetchone()
    assert found is not None  # noqa: S101 # the connected role is always there
    major, version, started, *rights = found
    return Server(await _identifier(connection), started, major, version, *rights)


async def _identifier(connection: Connection) -> str:
    try:
        row = await (await connection.execute(statement("server_identifier"))).fetchone()
    except (errors.InsufficientPrivilege, errors.UndefinedFunction, errors.FeatureNotSupported):
        return ""  # as some providers have it
    return str(row[0]) if row else ""


def refuse_production(there: Server, of: Address, production: Server, known_as: str) -> None:
    """Raises RehearsalUnfit where the rehearsal server is production's."""
    if there.is_also(production):
        raise RehearsalUnfit(
            f"{of.variable} leads to the server of {known_as}, or to a physical copy of it: "
            "nothing is rehearsed there. "
            f"Let {of.variable} name a server of its own, made by initdb."
        )


def refuse_version(there: Server, of: Address, real: Server) -> None:
    """Raises RehearsalUnfit where the rehearsal server is of another version, or can't be written to."""
    if there.major != real.major:
        raise RehearsalUnfit(
            f"{of.variable} leads to PostgreSQL {there.major}, the real database is on {real.major}: "
            "a way back is proven only on the same major version. "
            f"Let {of.variable} name a server of version {real.major}."
        )
    if there.standby:
        raise RehearsalUnfit(
            f"{of.variable} leads to a standby, where nothing can be made. Name a server of its own."
        )


def refuse_unfit(there: Server, of: Address, real: Server) -> None:
    """Raises RehearsalUnfit where the rehearsal server is of another version, or gives too few rights."""
    refuse_version(there, of, real)
    if not there.may_make_databases:
        raise RehearsalUnfit(
            f"On the rehearsal server the role {there.role} may not make databases. "
            f"Run there, as its administrator: ALTER ROLE {there.role} CREATEDB;"
        )
