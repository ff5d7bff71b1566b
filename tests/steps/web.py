"""Web servers of a test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answers = Callable[[web.Request], web.StreamResponse]


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """A server that takes every connection and never answers; its address."""

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def answering(answer: Answers) -> AsyncIterator[str]:
    """A web server that answers every request so; its address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    server = web.Server(handle)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await server.shutdown(0.1)  # no longer for a client that keeps its connection
