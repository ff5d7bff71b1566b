"""A TCP proxy that puts a database far away: every answer takes longer, and the round trips are counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from sandbox.database_proxy import before

_CHUNK = 1 << 16


class FarDatabase:
    """Before the database of `url`; `address` leads through it. Answers keep their order and take `seconds` more."""

    def __init__(self, url: str, seconds: float) -> None:
        self.address = ""
        self.round_trips = 0  # of all connections: how often somebody asked who had been answered before
        self._url = urlsplit(url)
        self._seconds = seconds
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, asks: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        database, sender = await asyncio.open_connection(self._url.hostname, self._url.port)
        self._open |= {answers, sender}
        connection = _Connection(self)
        try:
            async with asyncio.TaskGroup() as group:
                arriving: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
                group.create_task(connection.forward(asks, sender))
                group.create_task(connection.carry(database, arriving))
                group.create_task(connection.deliver(arriving, answers))
        except* ConnectionError:
            pass  # the bot ended it, or the database did
        for writer in (answers, sender):
            self._open.discard(writer)
            writer.close()

    def arrives(self, now: float) -> float:
        """When an answer of this moment is there."""
        return now + self._seconds

    def close(self) -> None:
        """End every connection."""
        for writer in self._open:
            writer.close()


class _Connection:
    def __init__(self, way: FarDatabase) -> None:
        self._way = way
        self._answered = True

    async def forward(self, asks: asyncio.StreamReader, sender: asyncio.StreamWriter) -> None:
        while data := await asks.read(_CHUNK):
            self._way.round_trips += self._answered
            self._answered = False
            sender.write(data)
            await sender.drain()
        sender.write_eof()

    async def carry(self, database: asyncio.StreamReader, arriving: "asyncio.Queue[tuple[float, bytes]]") -> None:
        loop = asyncio.get_running_loop()
        while data := await database.read(_CHUNK):
            arriving.put_nowait((self._way.arrives(loop.time()), data))
        arriving.put_nowait((self._way.arrives(loop.time()), b""))

    async def deliver(self, arriving: "asyncio.Queue[tuple[float, bytes]]", answers: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at, data = await arriving.get()
            await asyncio.sleep(at - loop.time())
            if not data:
                answers.close()
                return
            self._answered = True
            answers.write(data)
            await answers.drain()


@asynccontextmanager
async def far_away(url: str, seconds: float) -> AsyncIterator[FarDatabase]:
    """This database, so many seconds away: there and back together."""
    way = FarDatabase(url, seconds)
    async with before(url, way.serve, close=way.close) as way.address:
        yield way
