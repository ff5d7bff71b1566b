"""A connection that lets go at once where its user is cancelled."""

import asyncio
from typing import Any

from psycopg import AsyncConnection
from psycopg.abc import RV, PQGen
from psycopg.waiting import wait_async


class PromptConnection(AsyncConnection[tuple[Any, ...]]):
    """For statements that are short: psycopg would ask the server to cancel them, and wait 10 s for a silent one.

    The server ends them by itself, as it watches for its client.
    """

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """The answer; where the wait is cancelled, the connection is closed."""
        try:
            return await wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise
