"""Claim work that is due, do it under a lease, let go of it. Any number of these, on any number of machines."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.lookout import POLL, WOKEN, Bell, Lookout
from bot.telemetry import logs
from bot.telemetry.watching import Watching
from runbooks.store import Lease, LeaseLost, Store, StoreUnavailable
from runbooks.vocabulary import Unreachable

RENEW = 0.3  # of a lease's length
RETRY = timedelta(seconds=5)  # after a fault of ours or of the database
log = logging.getLogger(__name__)

Handler = Callable[[Lease], Awaitable[datetime | None]]


@dataclass(frozen=True)
class Worker:
    """Does one kind of work, several at a time; where a prefix is given, only that of streams so named."""

    store: Store
    kinds: Sequence[str]
    handler: Handler
    bell: Bell
    clock: Callable[[], datetime]
    lease_seconds: float  # what the store grants
    slots: int = 4
    prefix: str = ""
    watching: Watching = field(default_factory=Watching)
    poll: float = POLL  # seconds

    async def run(self) -> None:
        """Work until the bell is closed and what is at work is done; cancelled, that is cut off and let go of."""
        lookout, name = Lookout(self.bell, self.kinds, poll=self.poll), " ".join((*self.kinds, self.prefix)).rstrip()
        async with asyncio.TaskGroup() as group:
            for number in range(self.slots):
                group.create_task(self._slot(f"{name} {number}", lookout))

    async def _slot(self, name: str, lookout: Lookout) -> None:
        while not self.bell.closed:
            self.watching.pulse.beat(name)
            heard, asked_at = self.bell.rings, asyncio.get_running_loop().time()
            try:
                lease = await self.store.claim(self.kinds, prefix=self.prefix)
            except StoreUnavailable as cause:
                log.warning("no work claimed: %s", cause)
                lease = None
            if lease is None:
                if not lookout.free:
                    self.watching.pulse.rest(name)
                await lookout.rest(heard)
            else:
                lookout.wake(WOKEN)
                with logs.about(work=lease.work.kind, **logs.named(lease.work.key)):
                    due = await self._work(lease, asyncio.timeout_at(asked_at + self.lease_seconds), name)
                if due is not None:
                    lookout.expect((due - self.clock()).total_seconds())
        lookout.wake()

    async def _work(self, lease: Lease, good: asyncio.Timeout, slot: str) -> datetime | None:
        """Do it while the lease is good; a renewal that hangs does not make it last longer. When it is due again."""
        due: datetime | None = self.clock()  # cut off: at once, by another process
        began = asyncio.get_running_loop().time()
        doing = asyncio.create_task(_within(good, self.handler, lease))
        renewing = asyncio.create_task(self._keep(lease, good, slot))
        try:
            await asyncio.wait({renewing, doing}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                due = doing.result()
                self.watching.worked(lease, seconds=asyncio.get_running_loop().time() - began, due=due)
            else:
                self.watching.lost(lease)
                log.warning("lease on %s lost; dropped", lease.work.key)
        except (LeaseLost, StoreUnavailable, Unreachable) as cause:
            due = self.clock() + RETRY
            if isinstance(cause, LeaseLost):
                self.watching.lost(lease)
            log.warning("%s dropped: %s %s", lease.work.key, type(cause).__name__, cause)
        except Exception:
            due = self.clock() + RETRY
            log.exception("%s failed; looked at again in %s", lease.work.key, RETRY)
        finally:
            await _ended(doing, renewing)
            with suppress(StoreUnavailable, LeaseLost):
                await self.store.finish(lease, due)
        return due

    async def _keep(self, lease: Lease, good: asyncio.Timeout, slot: str) -> None:
        """Renew the lease, and with it the time that is left for the work; return where it is lost."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.lease_seconds * RENEW)
            self.watching.pulse.beat(slot)
            asked_at = loop.time()
            try:
                await self.store.renew(lease)
            except LeaseLost:
                return
            except StoreUnavailable as cause:
                log.warning("lease on %s not renewed: %s", lease.work.key, cause)
            else:
                good.reschedule(asked_at + self.lease_seconds)


class CutOff(Exception):
    """Something beneath the work was cancelled, and nobody here asked for it: a fault like any other."""


async def _within(good: asyncio.Timeout, handler: Handler, lease: Lease) -> datetime | None:
    try:
        async with good:
            return await handler(lease)
    except asyncio.CancelledError as cut:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise CutOff("cancelled from inside") from cut  # or it would end the slot with it, without a word
    except TimeoutError:
        if good.expired():
            raise LeaseLost("it was not renewed in time") from None
        raise


async def _ended(*tasks: "asyncio.Task[datetime | None] | asyncio.Task[None]") -> None:
    """Cancel and wait, so that nothing goes on after the lease is let go of.

    What is being cancelled already is given the moment that it needs to say what came of it.
    """
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
