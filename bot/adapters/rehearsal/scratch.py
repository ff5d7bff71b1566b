"""Scratch databases on the rehearsal server of a place: made from the real schema, used by one, dropped."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import psycopg
from psycopg import errors

from bot.adapters.rehearsal import copying
from bot.adapters.rehearsal.catalogs import fingerprint
from bot.adapters.rehearsal.contents import contents
from bot.adapters.rehearsal.copying import Real, quoted
from bot.adapters.rehearsal.filling import fill
from bot.adapters.rehearsal.roles import Roles, restore, roles
from bot.adapters.rehearsal.running import run_file
from bot.adapters.rehearsal.server import Address, Addresses, Server, refuse_production, refuse_unfit, server
from bot.adapters.rehearsal.statements import statement
from bot.adapters.rehearsal.writing import Connection, literal, written
from bot.adapters.service_database.errors import is_lost, sanitised
from runbooks.rehearsal.scratch import Contents, Filled, RehearsalUnfit
from runbooks.rehearsal.things import Fingerprint
from runbooks.steps.migrations.files import Migration
from runbooks.vocabulary import Unreachable

PREFIX = "opsbot_rehearsal_"
LENT = "lent at "
STATEMENTS = timedelta(minutes=5)
"""As long as a statement of a file may take, where the catalogue says nothing else."""
_LENT_FOR = timedelta(hours=2)
_MADE_WITHIN = timedelta(minutes=5)
_LOCK_TRIES, _LOCK_EVERY = 60, 1.0  # seconds: another rehearsal on the server is waited for
log = logging.getLogger(__name__)
Sleep = Callable[[float], Awaitable[object]]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Place:
    """Where is rehearsed, and what: `production` are the databases whose servers are never rehearsed on."""

    run: str  # "D-107"
    rehearsal: Address
    real: Address
    production: Sequence[Address]
    applied: Callable[[], Awaitable[Sequence[Migration]]]  # as far as the real ledger stands, in order


class ScratchDatabase:
    """One of them, over a connection that nobody else has."""

    def __init__(self, connection: Connection, name: str, what: str, timeout: timedelta) -> None:
        self.name = name
        self._connection = connection
        self._what = what
        self._timeout = timeout

    async def fingerprint(self) -> Fingerprint:
        """What its catalogs say now."""
        return await self._heard(fingerprint(self._connection))

    async def run(self, name: str, sql_text: str) -> None:
        """Run a file as a deploy would. Raises RehearsalFailed."""
        await run_file(self._connection, name, sql_text, timeout=self._timeout)

    async def fill(self, tables: Collection[str]) -> Filled:
        """Put rows into these tables and into those they refer to."""
        return await self._heard(fill(self._connection, tables))

    async def contents(self, tables: Collection[str]) -> Mapping[str, Contents]:
        """The rows of these tables."""
        return await self._heard(contents(self._connection, tables))

    async def _heard(self, answer: Awaitable[_T]) -> _T:
        try:
            return await answer
        except psycopg.Error as cause:
            if is_lost(cause, self._connection) or isinstance(cause, errors.QueryCanceled):
                raise Unreachable(self._what, sanitised(cause)) from cause
            raise


@dataclass
class PlaceRehearsals:
    """The rehearsal server of one place. `way` says, once a scratch was made, how the real schema came there."""

    addresses: Addresses
    place: Place
    timeout: timedelta = STATEMENTS  # of a statement of a file
    sleep: Sleep = asyncio.sleep
    way: str = ""
    _real: Real | None = field(default=None, init=False)

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[ScratchDatabase]:
        """A new database with the real schema and no rows. Raises Unreachable, RehearsalUnfit."""
        async with self.alone() as (overseer, here):
            name, before = await self.made(overseer, here)
            try:
                async with self.addresses.connected(self.place.rehearsal, name) as connection:
                    yield ScratchDatabase(connection, name, self.place.rehearsal.what, self.timeout)
            finally:
                await drop(overseer, name)
                await restore(overseer, before)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[tuple[Connection, Server]]:
        """The one session that rehearses on the server, once it is known to be fit; what was left there is gone."""
        async with self.addresses.connected(self.place.rehearsal) as overseer:
            here = await server(overseer)
            await self._refuse(here)
            await self._lock(overseer)
            await sweep(overseer)
            yield overseer, here

    async def _refuse(self, here: Server) -> None:
        for known in self.place.production:
            refuse_production(here, self.place.rehearsal, await self.addresses.server(known), known.what)
        refuse_unfit(here, self.place.rehearsal, await self.addresses.server(self.place.real))

    async def _lock(self, overseer: Connection) -> None:
        for _ in range(_LOCK_TRIES):
            found = await (await overseer.execute(statement("scratch_lock"))).fetchone()
            if found and found[0]:
                return
            await self.sleep(_LOCK_EVERY)
        raise Unreachable(self.place.rehearsal.what, "another rehearsal is under way there")

    async def made(self, overseer: Connection, here: Server) -> tuple[str, Roles]:
        """The name of a database with the real schema, and the server's roles as they were before its files ran."""
        name = ""
        try:
            async with asyncio.timeout(_MADE_WITHIN.total_seconds()):
                real = self._real = self._real or await self._read(here)
                await copying.make_roles(overseer, here, real)
                before = await roles(overseer)
                name = await self._named(overseer)
                await copying.make_database(overseer, name, real)
                async with self.addresses.connected(self.place.rehearsal, name) as connection:
                    await self._copied(connection, here, real)
        except BaseException as cause:
            if name:
                await drop(overseer, name)
            if isinstance(cause, TimeoutError):
                raise Unreachable(self.place.rehearsal.what, "the real schema was not made there in time") from cause
            raise
        return name, before

    async def _read(self, here: Server) -> Real:
        async with self.addresses.connected(self.place.real) as connection:
            return await copying.read(connection, self.addresses.url_of(self.place.real.variable), here)

    async def _copied(self, connection: Connection, here: Server, real: Real) -> None:
        if real.text:
            otherwise = await copying.restore(connection, real, here.role)
            self.way = f"made from a dump of the real schema{otherwise}"
        else:
            self.way = f"made again by the chain of migrations, since {real.why}; it equals the real schema"
            await copying.replay(connection, real, await self.place.applied())

    async def _named(self, overseer: Connection) -> str:
        """A name that is free: nobody else makes one meanwhile."""
        taken = {name for name, *_ in await (await overseer.execute(statement("scratch_there"))).fetchall()}
        return next(name for n in range(1, len(taken) + 2) if (name := f"{prefix(self.place.run)}{n}") not in taken)


def prefix(run: str) -> str:
    """What the names of a run's scratch databases begin with."""
    return f"{PREFIX}{re.sub('[^a-z0-9]', '', run.lower())[:30]}_"


async def drop(overseer: Connection, name: str) -> None:
    """It and whoever is connected to it."""
    try:
        await overseer.execute(written("scratch_drop", name=quoted(name)).encode())
    except psycopg.Error as cause:
        log.warning(
            "the scratch database %s could not be dropped (%s); the next rehearsal does", name, sanitised(cause)
        )


async def sweep(overseer: Connection) -> None:
    """Drop what processes left that were killed: nobody is connected to it, and it is not lent, or for too long."""
    for name, used, note, now in await (await overseer.execute(statement("scratch_there"))).fetchall():
        since, _ = lent(note)
        if not used and (since is None or now - since >= _LENT_FOR.total_seconds()):
            await give_up(overseer, name, note)


async def give_up(overseer: Connection, name: str, note: str) -> None:
    """Drop it, and the roles that were made with it where it was lent."""
    await drop(overseer, name)
    for role in lent(note)[1]:
        try:
            await overseer.execute(written("roles_drop", role=role).encode())
        except psycopg.Error as cause:
            log.warning("the role %s of a scratch database could not be dropped (%s)", role, sanitised(cause))


async def mark_lent(overseer: Connection, name: str, before: Roles) -> None:
    """Write down that it is somebody's though nobody is connected, and which roles were made with it."""
    rows = await (await overseer.execute(statement("scratch_there"))).fetchall()
    now = next(now for there, _, _, now in rows if there == name)
    made = sorted(each.name for each in (await roles(overseer)).keys() - before.keys() if each.kind == "role")
    note = literal(f"{LENT}{now} {json.dumps(made)}")
    await overseer.execute(written("scratch_note", name=quoted(name), note=note).encode())


def lent(note: str) -> tuple[int | None, list[str]]:
    """Since when it is lent, in the server's seconds, and the roles made with it; None where it is not."""
    since, _, made = note.removeprefix(LENT).partition(" ")
    if not note.startswith(LENT) or not since.isdigit():
        return None, []
    return int(since), [str(each) for each in json.loads(made or "[]")]


def unfit(place: str) -> RehearsalUnfit:
    """For a place that names no rehearsal server."""
    return RehearsalUnfit(f"{place} names no rehearsal server. Add `rehearsal: VARIABLE` to it in the catalogue.")
