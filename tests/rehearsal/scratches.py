"""Scratch databases for tests, on the session's server: copies of a template."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

from psycopg import AsyncConnection

from bot.adapters.rehearsal.catalogs import fingerprint
from bot.adapters.rehearsal.contents import contents
from bot.adapters.rehearsal.filling import fill
from bot.adapters.rehearsal.roles import restore, roles
from bot.adapters.rehearsal.running import run_file
from runbooks.rehearsal.course import Contents, Filled, Scratch
from runbooks.rehearsal.things import Fingerprint
from sandbox.postgres import PostgresServer


class TestScratch:
    """One database of a test's own; `texts` holds what `dump` said before and after each file."""

    __test__ = False

    def __init__(self, connection: AsyncConnection[tuple[Any, ...]], dump: Callable[[], str] | None) -> None:
        self.connection = connection
        self.texts: list[str] = []
        self._dump = dump

    async def fingerprint(self) -> Fingerprint:
        return await fingerprint(self.connection)

    async def run(self, name: str, sql_text: str) -> None:
        self._look()
        await run_file(self.connection, name, sql_text)
        self._look()

    async def fill(self, tables: Collection[str]) -> Filled:
        return await fill(self.connection, tables)

    async def contents(self, tables: Collection[str]) -> Mapping[str, Contents]:
        return await contents(self.connection, tables)

    def _look(self) -> None:
        if self._dump:
            self.texts.append(self._dump())


class TestRehearsals:
    """Copies of a template on a server."""

    __test__ = False

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self.dump: Callable[[str], str] | None = None  # of the URL it is given
        self.made: list[TestScratch] = []
        self.url = ""  # of the newest

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Scratch]:
        name = f"{self._template}_{token_hex(6)}"
        self._server.create_database(name, self._template)
        self.url = url = self._server.url(name)
        dump = self.dump
        async with await AsyncConnection.connect(self._server.url(), autocommit=True) as overseer:
            before = await roles(overseer)
            try:
                async with await AsyncConnection.connect(url, autocommit=True) as connection:
                    made = TestScratch(connection, (lambda: dump(url)) if dump else None)
                    self.made.append(made)
                    yield made
            finally:
                self._server.drop_database(name)
                await restore(overseer, before)
