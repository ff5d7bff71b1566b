"""One local port in front of the Ready pods of a selector, as a Service is: each connection goes to the next pod."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

_CHUNK = 64 * 1024
_REQUEST_SECONDS = 1
_NONE_READY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 14\r\nConnection: close\r\n\r\n"
    b"no ready pods\n"
)

Endpoints = Callable[[], Sequence[int]]
"""The local ports of the pods that are Ready now."""


class Spreader:
    """Spreads connections; its own port stays the same whatever becomes of the pods."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, port: int = 0) -> int:
        """Listen on 127.0.0.1, at a free port if none is named; the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Listen no more, and cut what is open."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for port in self._in_turn():
                try:
                    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    continue  # it has just ended: the next one
                await _join((reader, writer), (inner_reader, inner_writer))
                return
            await _refuse(reader, writer)
        finally:
            writer.close()

    def _in_turn(self) -> Sequence[int]:
        ports = self._endpoints()
        self._turn += 1
        first = self._turn % len(ports) if ports else 0
        return [*ports[first:], *ports[:first]]


_End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(outer: _End, inner: _End) -> None:
    """Carry bytes both ways until the pod has said all it has to say, or is gone."""
    asking = asyncio.create_task(_pump(outer[0], inner[1]))
    try:
        await _pump(inner[0], outer[1])
    finally:
        asking.cancel()
        inner[1].close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _REQUEST_SECONDS)
        writer.write(_NONE_READY)
        await writer.drain()
