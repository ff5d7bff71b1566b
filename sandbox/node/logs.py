"""The kubelet's log endpoint over TLS: what `kubectl logs` is answered with."""

import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from sandbox.node.container import Container
from sandbox.node.log import Wanted
from sandbox.node.status import Waiting

Find = Callable[[str, str, str], Container | None]
"""The container by namespace, pod and name."""


@asynccontextmanager
async def serve_logs(find: Find, *, certificate: Path) -> AsyncIterator[int]:
    """Serve on a free port of 127.0.0.1; the port. `certificate` is the folder with tls.crt and tls.key."""
    application = web.Application()

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _answer(request, find)

    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_context(certificate)).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _answer(request: web.Request, find: Find) -> web.StreamResponse:
    place = request.match_info
    container = find(place["namespace"], place["pod"], place["container"])
    if container is None:
        raise web.HTTPNotFound(text=f"container {place['container']} of pod {place['pod']} is not on this node")
    previous = request.query.get("previous") == "true"
    log = container.previous_log if previous else container.log
    if log is None:
        raise web.HTTPBadRequest(text=_none(container, pod=place["pod"], previous=previous))
    response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
    await response.prepare(request)
    left = int(request.query.get("limitBytes", sys.maxsize))
    async with aclosing(log.read(_wanted(request))) as lines:
        async for line in lines:
            await response.write(line[:left])
            left -= len(line)
            if left <= 0:
                break
    await response.write_eof()
    return response


def _none(container: Container, *, pod: str, previous: bool) -> str:
    if previous:
        return f'previous terminated container "{container.name}" in pod "{pod}" not found'
    state = container.status.state
    why = state.reason if isinstance(state, Waiting) else "PodInitializing"
    return f'container "{container.name}" in pod "{pod}" is waiting to start: {why}'


def _wanted(request: web.Request) -> Wanted:
    query = request.query
    since = datetime.fromisoformat(query["sinceTime"]) if "sinceTime" in query else None
    if "sinceSeconds" in query:
        since = datetime.now(UTC) - timedelta(seconds=int(query["sinceSeconds"]))
    return Wanted(
        tail=int(query["tailLines"]) if "tailLines" in query else None,
        since=since,
        timestamps=query.get("timestamps") == "true",
        follow=query.get("follow") == "true",
    )


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context
