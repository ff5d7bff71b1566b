"""The one clock of all replicas: the database's, carried on between two looks at it by this host's monotonic clock.

What one process records as a time, another one compares with its own; so no host's date may count, right or wrong.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Self

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.queries import query
from runbooks.store import StoreUnavailable

EVERY = 10.0  # seconds; between two looks only the drift of an oscillator, or a suspended machine, is to be caught up
_TOLD = timedelta(seconds=1)  # of a step that is worth a line of the log
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
log = logging.getLogger(__name__)

Ask = Callable[[], Awaitable[tuple[float, datetime, float]]]
"""What time it is there: our monotonic seconds before, its answer, our monotonic seconds after."""


class SharedClock:
    """Called, it answers what time it is, in UTC; `look` before the first call."""

    def __init__(self, ask: Ask, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._ahead: timedelta | None = None  # the database's time, less ours since the epoch

    @classmethod
    async def of(cls, pool: Pool) -> Self:
        """That of this database. Raises StoreUnavailable."""
        clock = cls(lambda: _asked(pool))
        await clock.look()
        return clock

    def __call__(self) -> datetime:
        """The time now. Goes back only where the database's clock was found to have been set back."""
        if self._ahead is None:
            raise RuntimeError("the database was not asked for the time yet")
        return _since_epoch(self._monotonic()) + self._ahead

    async def look(self) -> None:
        """Ask once, and move only as far as the answer proves that we are wrong. Raises StoreUnavailable."""
        before, there, after = await self._ask()
        least, most = there - _since_epoch(after), there - _since_epoch(before)
        known = self._ahead if self._ahead is not None else least + (most - least) / 2
        self._ahead = min(max(known, least), most)
        if abs(step := self._ahead - known) > _TOLD:
            log.warning("the database's clock, which counts here, was set by %+.1f s", step.total_seconds())

    async def keep(self) -> None:
        """Ask again and again. Until the database answers, the monotonic clock goes on alone."""
        while True:
            await asyncio.sleep(EVERY)
            with suppress(StoreUnavailable):
                await self.look()


async def _asked(pool: Pool) -> tuple[float, datetime, float]:
    async with pool.session() as connection:
        before = time.monotonic()
        [(there,)] = await (await connection.execute(query("time"))).fetchall()
        return before, there, time.monotonic()


def _since_epoch(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
