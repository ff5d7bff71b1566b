"""The port of a proxy before a database, and the address that leads through it; what the proxy does is its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
"""One connection, to its end: what its client sends, and where it is answered."""


@asynccontextmanager
async def before(url: str, serve: Serve, *, close: Callable[[], None]) -> AsyncIterator[str]:
    """The address by which `serve` gets each connection; `close` ends those that still stand at the end."""
    serving: set[asyncio.Task[None]] = set()

    def accept(client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(serve(client, answers)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    parts = urlsplit(url)
    port = server.sockets[0].getsockname()[1]
    try:
        yield urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}"))
    finally:
        server.close()
        close()
        await server.wait_closed()
        await asyncio.gather(*serving)
