"""`/healthz`, `/readyz` and `/metrics`: whether the process lives, whether it can work now, and how it has worked."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.adapters.postgres import gauges
from bot.adapters.postgres.pool import Pool
from bot.telemetry import logs
from bot.telemetry.metrics import set_all
from bot.telemetry.watching import Watching
from runbooks.store import Store, StoreUnavailable

LIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATIENCE = 2.0  # seconds that the database has to answer
STILL = 30.0  # seconds; a worker's loop turns every few, whatever it works on


class WayIn(Protocol):
    """How Slack's requests get here: by a socket, or by HTTP."""

    async def up(self) -> bool:
        """Whether they can now."""
        ...

    def age(self) -> float:
        """Since when they can, in seconds; 0 where they can't."""
        ...


@dataclass(frozen=True)
class Health:
    """What is asked when the process is asked for its health."""

    store: Store
    pool: Pool
    connection: WayIn
    watching: Watching

    async def missing(self) -> dict[str, str]:
        """By part, what keeps it from working, as a sentence without its stop; "" where nothing does."""
        still = self.watching.pulse.still(STILL)
        return {
            "slack": "" if await self.connection.up() else "Slack is not connected",
            "database": "" if await self._answers() else "the database does not answer",
            "workers": f"nothing moves in the workers {', '.join(still)}" if still else "",
        }

    async def measured(self) -> bytes:
        """All metrics, those that are looked up included, as Prometheus reads them."""
        metrics = self.watching.metrics
        set_all(metrics.ready, {part: not why for part, why in (await self.missing()).items()})
        metrics.socket.set(self.connection.age())
        try:
            seen = await gauges.look(self.pool)
        except StoreUnavailable:
            seen = gauges.Seen({}, math.nan, {})  # not known; `opsbot_ready` says why
        set_all(metrics.queue, {kind: each.count for kind, each in seen.waiting.items()})
        set_all(metrics.queue_age, {kind: each.age for kind, each in seen.waiting.items()})
        set_all(metrics.outdated, seen.outdated)
        metrics.undelivered.set(seen.undelivered)
        return metrics.text()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.store.read([])
        except (StoreUnavailable, TimeoutError):
            return False
        return True


@asynccontextmanager
async def answering(port: int, health: Health) -> AsyncIterator[None]:
    """Answer on this port until the block ends; port 0 answers nowhere."""

    async def live(_request: web.Request) -> web.Response:
        """It is asked in the loop that everything runs in: an answer says that it turns."""
        return web.Response(text="alive")

    async def ready(_request: web.Request) -> web.Response:
        said = [why for why in (await health.missing()).values() if why]
        return web.Response(text="; ".join(said) or "ready", status=503 if said else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=await health.measured(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    if not port:
        yield
        return
    app = web.Application()
    app.add_routes([web.get(LIVE, live), web.get(READY, ready), web.get(METRICS, metrics)])
    runner = web.AppRunner(app, access_log=None, logger=logs.of_ports())
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()
