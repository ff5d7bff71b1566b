"""A TCP proxy before the database that loses one commit, or its answer, in one of several ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from urllib.parse import urlsplit

from sandbox.database_proxy import before

COMMIT = b"commit"
NOTIFICATION = b"A"  # the type of a message to somebody who listens; nothing else comes with it
LOCKS = (b"pg_advisory_xact_lock", b"for no key update")


class Loss(Enum):
    NOTHING = "everything passes"
    ANSWER = "the commit takes place, its answer is lost, the connection breaks"
    SILENCE = "the commit takes place, and nothing is ever answered"
    MESSAGE = "the commit never arrives, the connection breaks"
    DELAY = "the connection breaks; the commit takes place only after somebody has asked for its locks"


class Proxy:
    """Does its `loss` to the next commit; what comes after it passes. `refuse` turns new connections away.

    `deaf`: no notification comes through, as behind a pooler that shares sessions.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self.url = ""
        self.loss = Loss.NOTHING
        self.refuse = False
        self.deaf = False
        self.hits = 0
        self._asked_for_locks = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        self._writers.append(answers)
        if self.refuse:
            answers.close()
            return
        database, sender = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._writers.append(sender)
        with suppress(ConnectionError):
            back = asyncio.create_task(self._pump(database, answers))
            last = await self._forward(client, sender)
            if last:
                back.cancel()
                await asyncio.wait([back])
                await self._lose(last, client=client, answers=answers, database=database, sender=sender)
            sender.close()
            answers.close()

    async def _forward(self, client: asyncio.StreamReader, sender: asyncio.StreamWriter) -> bytes:
        """Pass on what the client sends; answers the message to be lost, if there comes one."""
        while data := await client.read(65536):
            if self.loss is not Loss.NOTHING and COMMIT in data:
                self.hits += 1
                return data
            sender.write(data)
            if any(lock in data for lock in LOCKS):
                self._asked_for_locks.set()
        return b""

    async def _lose(
        self,
        message: bytes,
        *,
        client: asyncio.StreamReader,
        answers: asyncio.StreamWriter,
        database: asyncio.StreamReader,
        sender: asyncio.StreamWriter,
    ) -> None:
        loss, self.loss = self.loss, Loss.NOTHING
        if loss is Loss.MESSAGE:
            return
        if loss is Loss.DELAY:
            self._asked_for_locks.clear()
            answers.close()
            await self._asked_for_locks.wait()
        sender.write(message)
        await database.read(1)  # there is an answer, so it has taken place, or was refused
        if loss is Loss.SILENCE:
            await client.read()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if not (self.deaf and data.startswith(NOTIFICATION)):
                    target.write(data)
        target.close()

    def close(self) -> None:
        self._asked_for_locks.set()
        self.cut()

    def cut(self) -> None:
        """End every connection there is."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy before this database; `proxy.url` leads through it."""
    proxy = Proxy(url)
    async with before(url, proxy.serve, close=proxy.close) as proxy.url:
        yield proxy
