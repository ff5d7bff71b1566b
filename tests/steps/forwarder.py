"""A forwarder of TCP connections in front of a server, which breaks the next exchange on purpose."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Forwarder:
    """Listens on a local port; whatever it is armed with happens to the next bytes, once."""

    def __init__(self, server: str) -> None:
        place = urlsplit(server)
        assert place.hostname
        assert place.port
        self._scheme, self._target = place.scheme, (place.hostname, place.port)
        self._armed = ""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.lost = 0  # exchanges that were broken

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    @property
    def address(self) -> str:
        assert self._server
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{self._scheme}://{host}:{port}"

    def lose_next_answer(self) -> None:
        """The server gets the next request; its answer ends here, and the connection with it."""
        self._armed = "answer"

    def withhold_next_answer(self) -> None:
        """The server gets the next request; the client waits for its answer for ever."""
        self._armed = "silence"

    def lose_next_request(self) -> None:
        """The next request never reaches the server."""
        self._armed = "request"

    def stop(self) -> None:
        """Nobody listens any more, and what was open is closed."""
        if self._server:
            self._server.close()
        for writer in self._open:
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._target)
        self._open |= {writer, up_writer}
        for pump in (
            self._pump(reader, up_writer, writer, breaks=("request",)),
            self._pump(up_reader, writer, up_writer, breaks=("answer", "silence")),
        ):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        *,
        breaks: tuple[str, ...],
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self._armed in breaks:
                    how, self._armed, self.lost = self._armed, "", self.lost + 1
                    if how == "silence":
                        continue
                    break
                writer.write(data)
                await writer.drain()
        for one in (writer, back):
            one.close()
