"""Begins the drills that are due, and says where none has ended well for too long."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from commands.replies import sentence
from commands.views.words import count, span
from runbooks.catalogue import Catalogue
from runbooks.drills.decide import FallDue, Want
from runbooks.drills.state import OVERDUE, WELL, Drills, due, late_at, proven_at, stream_of
from runbooks.engine import asks
from runbooks.engine.drills import DrillBook
from runbooks.store import Changes, Lease, StoreUnavailable, Work
from runbooks.vocabulary import OPSBOT, Actor

AGAIN = timedelta(minutes=15)  # where one that is due can't begin, or has begun and goes on
_START = 1.0  # seconds between tries to put everything on the list
log = logging.getLogger(__name__)


class Reception(Protocol):
    """Takes what is asked for."""

    async def handle(self, ask: asks.Ask, *, by: Actor, key: str) -> asks.Reply:
        """Record it once, decide, answer. Raises StoreUnavailable."""
        ...


@dataclass(frozen=True)
class DrillKeeper:
    """What a worker calls with a lease on the drills of a place."""

    book: DrillBook
    reception: Reception

    @property
    def _catalogue(self) -> Catalogue:
        return self.book.catalogue

    @property
    def _clock(self) -> Callable[[], datetime]:
        return self.book.clock

    async def begin(self) -> None:
        """Have every place looked at once; from then on each has its next time."""
        services = self._catalogue.services.items()
        wake = tuple(Work("drill", stream_of(name, place)) for name, s in services for place in s.environments)
        while True:
            with suppress(StoreUnavailable):
                return await self.book.store.commit(Changes(wake=wake))
            await asyncio.sleep(_START)

    async def keep(self, lease: Lease) -> datetime | None:
        """Begin what is due; answers when to look again, None where none is wanted here."""
        drills = await self.book.read(lease.work.key)
        every = self._every(drills)
        if every != drills.every:
            drills = await self.book.say(lease, Want(every))
        at, late = due(drills), late_at(drills)
        if at is None or late is None:
            return None
        why_not = await self._begun(lease, drills) if self._clock() >= at else ""
        if self._clock() >= late and not drills.open(OVERDUE):
            name = f"L-{await self.book.store.number()}.{OVERDUE}"
            await self.book.say(lease, FallDue(name, tuple(_overdue(drills, why_not))))
        return min(each for each in (at, late, self._clock() + AGAIN) if each > self._clock())

    def _every(self, drills: Drills) -> int:
        """How often the catalogue wants one here, in seconds; 0: never."""
        place = self._catalogue.place(drills.service, drills.environment)
        return int(place.drill.every.total_seconds()) if place and place.drill and place.drill.every else 0

    async def _begun(self, lease: Lease, drills: Drills) -> str:
        """Begin one, unless one goes on; a sentence that says why it did not, "" where it did."""
        if run := await self.book.under_way(drills):
            return f"{run} is under way."
        ask = asks.Drill(drills.service, drills.environment)
        reply = await self.reception.handle(ask, by=OPSBOT, key=f"{lease.work.key}/{lease.epoch}")
        if not reply.refused:
            return ""
        log.info("the drill of %s that is due waits: %s", lease.work.key, reply.refused)
        return sentence(reply)


def _overdue(drills: Drills, why_not: str) -> Iterator[str]:
    since, place = proven_at(drills), f"{drills.service} {drills.environment}"
    known = "No drill has ended well since" if drills.good_at else "None has ended well, and they are wanted since"
    assert since is not None  # noqa: S101  # it is overdue
    yield f"{known} {since.astimezone(UTC):%-d %b %H:%M} UTC; one is due every {_often(drills.every)}."
    if (last := drills.latest) is not None and last.status != WELL:
        yield f"The last one, {last.run}, {_ended(last.status)}{f': {last.why}' if last.why else '.'}"
    if why_not:
        yield f"The next one: {why_not}"
    yield f"So nobody knows how long the way back takes here. Begin one: `/drill {place}`, or `opsbot drill {place}`."


def _often(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    if rest:
        return span(timedelta(seconds=seconds))
    return "day" if days == 1 else count(days, "day")


def _ended(status: str) -> str:
    return {"expired": "was not approved in time", "superseded": "was stopped for a rollback"}.get(
        status, status if status == "failed" else f"was {status}"
    )
