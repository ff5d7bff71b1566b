"""`/healthz` and `/readyz`: whether the process lives, and whether it can take requests now."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from runbooks.store import Store, StoreUnavailable

LIVE, READY = "/healthz", "/readyz"
PATIENCE = 2.0  # seconds that the database has to answer


@asynccontextmanager
async def health(port: int, *, store: Store, connected: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """Answer on this port until the block ends; port 0 answers nowhere."""

    async def live(_request: web.Request) -> web.Response:
        return web.Response(text="alive")

    async def ready(_request: web.Request) -> web.Response:
        missing = [] if await connected() else ["Slack is not connected"]
        try:
            async with asyncio.timeout(PATIENCE):
                await store.read([])
        except (StoreUnavailable, TimeoutError):
            missing.append("the database does not answer")
        return web.Response(text="; ".join(missing) or "ready", status=503 if missing else 200)

    if not port:
        yield
        return
    app = web.Application()
    app.add_routes([web.get(LIVE, live), web.get(READY, ready)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()
