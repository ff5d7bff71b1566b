"""The databases of all services, by site: reading the ledger, opening a session, writing the fence."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from bot.adapters.service_database import catalogs, counting, ledger
from bot.adapters.service_database.errors import sanitised, translated
from bot.adapters.service_database.ledger import DatabaseRole
from bot.adapters.service_database.prompt import PromptConnection
from bot.adapters.service_database.session import MigrationSession
from bot.adapters.service_database.statements import statement
from runbooks.steps.base import Site, Turn
from runbooks.steps.migrations.counting import Counts, Place
from runbooks.steps.migrations.database import DatabaseUnfit, Row, SessionBusy
from runbooks.steps.migrations.files import Migration
from runbooks.steps.migrations.planning import stands_at
from runbooks.steps.migrations.relations import Relations
from runbooks.vocabulary import Unreachable

ADOPT = "adopt"
_ANSWERS_WITHIN = timedelta(seconds=5)
_FENCE_WITHIN = timedelta(seconds=3)  # a session that was ended gives its locks back at once
_USED_WITHIN = timedelta(seconds=30)  # a call in all: a server may fall silent between two statements
_CONNECTION: dict[str, str | int] = {
    "connect_timeout": 2,  # PostgreSQL takes no less; of each host, so that the second is asked in time
    "target_session_attrs": "read-write",  # a standby may lag: what stands is decided on the primary alone
    "client_encoding": "utf8",
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
log = logging.getLogger(__name__)


class ServiceDatabases:
    """Each call has a connection of its own, and ends at once where it is cancelled.

    `url_of` gives the address that a variable's name stands for.
    """

    def __init__(self, url_of: Callable[[str], str]) -> None:
        self._url_of = url_of

    async def rows(self, site: Site) -> tuple[Row, ...]:
        """The ledger, by number; empty where nothing was recorded, or the site has no database."""
        if not _has_ledger(site):
            return ()
        async with self._connected(site, "opsbot") as connection:
            there = await ledger.stands(connection, what=_what(site))
            return await ledger.rows(connection) if there else ()

    async def epoch(self, site: Site) -> int:
        """The epoch on the fence; 0 where there is none yet. Raises DatabaseUnfit, Unreachable."""
        if not _has_ledger(site):
            return 0
        async with self._connected(site, "opsbot") as connection:
            there = await ledger.stands(connection, what=_what(site))
            return await ledger.epoch(connection) if there else 0

    async def role(self, site: Site) -> DatabaseRole:
        """Whom the catalogue's address connects as."""
        async with self._connected(site, "opsbot") as connection:
            return await ledger.role(connection)

    async def relations(
        self, site: Site, relations: Mapping[str, str], *, functions: frozenset[str], types: Mapping[str, str]
    ) -> Relations:
        """What is there of these, with sizes and foreign keys. Raises DatabaseUnfit, Unreachable."""
        async with self._connected(site, "opsbot") as connection:
            asked = catalogs.values(relations, functions, types)
            return await catalogs.relations(connection, asked, what=_what(site))

    async def count(self, site: Site, places: Sequence[Place]) -> Counts:
        """How many rows each has now. Raises Unreachable where no connection is to be had."""
        async with self._connected(site, "opsbot") as connection:
            return await counting.count(connection, places)

    async def version(self, site: Site) -> str:
        """The last migration applied ("023_policy_profiles"); "" where there is none."""
        return stands_at(await self.rows(site))

    async def fence(self, site: Site, epoch: int) -> None:
        """Write the epoch and end older sessions; nothing older writes once this returns. Raises Fenced."""
        if not _has_ledger(site):
            return
        try:
            async with self._connected(site, "opsbot") as connection:
                await ledger.bootstrap(connection, what=_what(site))
                await ledger.fence(connection, epoch, what=_what(site))
        except DatabaseUnfit as cause:  # our role can't write there, so nothing older of ours can either
            log.warning("%s was not fenced: %s", _what(site), cause)

    async def baseline(self, site: Site, migrations: Sequence[Migration], epoch: int) -> None:
        """Record migrations that stood before. Raises DatabaseUnfit where the ledger has them otherwise."""
        async with self._connected(site, "opsbot") as connection:
            await ledger.bootstrap(connection, what=_what(site))
            async with connection.transaction():
                await ledger.claim(connection, epoch)
                for migration in migrations:
                    await connection.execute(statement("baseline"), _baseline(site, migration, epoch))
                _compare(site, migrations, await ledger.rows(connection))

    @asynccontextmanager
    async def session(self, turn: Turn) -> AsyncIterator[MigrationSession]:
        """The one session that migrates, named after run and step, under the turn's epoch."""
        settings = turn.site.service.migrations
        if settings is None:
            raise DatabaseUnfit(f"{turn.site.service_name} has no migrations.")
        connection = await self._connect(turn.site, f"opsbot:{turn.key}")
        try:
            with translated(_what(turn.site), connection):
                await self._take_over(connection, turn)
            yield MigrationSession(connection, turn, settings)
            await _give_back(connection, turn)
        finally:
            await connection.close()

    async def _take_over(self, connection: ledger.Connection, turn: Turn) -> None:
        what = _what(turn.site)
        await ledger.limit(connection, lock=_FENCE_WITHIN, statements=_ANSWERS_WITHIN)
        await ledger.bootstrap(connection, what=what)
        await ledger.fence(connection, turn.epoch, what=what)
        if not await ledger.lock(connection):
            _, others = await ledger.lock_holders(connection)
            raise SessionBusy(f"{others} holds the lock of migrations in {what}")

    @asynccontextmanager
    async def _connected(self, site: Site, name: str) -> AsyncIterator[ledger.Connection]:
        try:
            async with asyncio.timeout(_USED_WITHIN.total_seconds()):
                connection = await self._connect(site, name, PromptConnection)
                try:
                    with translated(_what(site), connection):
                        await ledger.limit(connection, lock=_FENCE_WITHIN, statements=_ANSWERS_WITHIN)
                        yield connection
                finally:
                    await connection.close()
        except TimeoutError as late:
            raise Unreachable(_what(site), "it took too long") from late

    async def _connect(
        self, site: Site, name: str, kind: type[ledger.Connection] = AsyncConnection
    ) -> ledger.Connection:
        variable = site.environment.database or ""
        try:
            address = make_conninfo(self._url_of(variable), application_name=name, **_CONNECTION)
        except (KeyError, psycopg.ProgrammingError):
            # The cause is left out: it quotes the address, password included.
            raise Unreachable(_what(site), f"{variable} holds no address of a PostgreSQL database") from None
        try:
            return await kind.connect(address, autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError as cause:
            raise Unreachable(_what(site), sanitised(cause)) from cause


def _has_ledger(site: Site) -> bool:
    return site.service.migrations is not None and site.environment.database is not None


def _what(site: Site) -> str:
    return f"the database of {site.service_name} {site.environment_name}"


async def _give_back(connection: ledger.Connection, turn: Turn) -> None:
    with suppress(psycopg.Error):  # closing the connection gives the lock back as well
        if not await ledger.unlock(connection):
            log.warning("%s: the lock of migrations was not held to the end: is a pooler in between?", turn.key)


def _baseline(site: Site, migration: Migration, epoch: int) -> dict[str, object]:
    return {
        "number": migration.number,
        "name": migration.name,
        "checksum": migration.checksum,
        "commit": site.commit,
        "epoch": epoch,
        "run": site.run or ADOPT,
        "runner": site.requester,
    }


def _compare(site: Site, migrations: Sequence[Migration], rows: Sequence[Row]) -> None:
    known = {row.number: row for row in rows}
    for migration in migrations:
        row = known[migration.number]
        if (row.name, row.checksum) != (migration.name, migration.checksum) or not row.state.settled:
            raise DatabaseUnfit(
                f"In {_what(site)}, {row.name} is recorded as {row.state} by {row.run}, "
                f"not as {migration.name} of this commit. Nothing was recorded."
            )
