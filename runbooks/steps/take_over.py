"""`take-over`: the first step of an emergency rollback; afterwards nobody older can act on any of its targets."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, TypeVar

from runbooks.steps.base import Site, Step, Turn, kind_of
from runbooks.steps.kubernetes.changing import fence
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads, refs_of
from runbooks.vocabulary import Cut, Done, Failed, Fenced, Json, Outcome, Pending, Unreachable, within

AGAIN = timedelta(seconds=0.5)  # while the old holder has not let go
SILENT_AFTER = timedelta(seconds=3)
"""All that is ended and fenced beside the pods has so long in all; then it is left, and said to be silent.

With the lapse of a lease (10 s) and the way to the next look, production is taken over within 15 s of the click.
"""
PATIENCE = timedelta(seconds=4)  # since it began: so long, what stayed silent is tried once more
log = logging.getLogger(__name__)
T = TypeVar("T")


class Holders(Protocol):
    """Who works on which run."""

    async def running(self, run: str) -> bool:
        """Whether somebody still holds a lease on the run."""
        ...


class DatabaseFence(Protocol):
    """The services' databases, as far as they can refuse an older holder. A call that is cancelled ends at once."""

    async def fence(self, site: Site, epoch: int) -> None:
        """Write the epoch there; nothing older writes there once this returns. Raises Fenced, Unreachable."""
        ...


class TakeOver(Step):
    """Waits for the old holder, ends what it had begun, fences every target, and says what was found."""

    uses = "take-over"
    touches = frozenset({"workloads", "database"})
    cut = Cut.IDEMPOTENT

    def __init__(
        self,
        workloads: Workloads,
        *,
        holders: Holders,
        database: DatabaseFence,
        steps: Mapping[str, Step],
        silent_after: timedelta = SILENT_AFTER,
    ) -> None:
        self._workloads = workloads
        self._holders = holders
        self._database = database
        self._steps = steps
        self._silent_after = silent_after

    async def start(self, turn: Turn) -> Outcome:
        """Take over; done again it finds its own epoch and changes nothing."""
        for run in turn.site.supersedes:
            if await self._holders.running(run):
                return Pending(turn.now + AGAIN, f"waiting for {run} to let go")
        try:
            found, unfenced = await self._take(turn)
        except Denied as fault:
            return Failed(fault.sentence)
        told = {run: found.get(run) or "nothing was under way" for run in turn.site.supersedes}
        return Done(_line(told) + unfenced, {run: _sentence(turn, clause) for run, clause in told.items()})

    async def check(self, turn: Turn, token: Json) -> Outcome:  # noqa: ARG002  # it looks at the world instead
        """Try again."""
        return await self.start(turn)

    async def abandon(self, turn: Turn) -> str:
        """Take over nevertheless: whoever aborts the rollback must not leave the old holder's work to go on."""
        match await self.start(turn):
            case Pending(line=line):
                raise Unreachable("The old holder", line)
            case Done(line=line) | Failed(reason=line):
                return line
            case _:
                return ""

    async def _ended(self, turn: Turn, cut: Turn) -> str:
        """End what was under way; where that fails or stays silent, the way back goes on without, and says so."""
        try:
            step = kind_of(self._steps, cut.step)
            abandoned = step.abandon(replace(cut, epoch=turn.epoch, now=turn.now))
            return await self._in_time(abandoned, f"what “{cut.step.title}” works on")
        except Unreachable as silent:
            if turn.now - turn.began_at < PATIENCE:
                raise
            return f"“{cut.step.title}” could not be ended, as {within(silent.what)} does not answer"
        except Fenced:
            raise
        except Exception as cause:  # every later rollback would meet it again
            log.exception("step %s of %s was not ended", cut.step.uses, cut.site.run)
            return f"“{cut.step.title}” could not be ended ({type(cause).__name__}): look what stands where"

    async def _take(self, turn: Turn) -> tuple[dict[str, str], str]:
        """Pods and database at the same time, each to its end."""
        pods, database = await asyncio.gather(
            self._take_pods(turn), self._fence_database(turn), return_exceptions=True
        )
        if isinstance(pods, BaseException):
            raise pods
        if isinstance(database, BaseException):
            raise database
        return pods, database

    async def _take_pods(self, turn: Turn) -> dict[str, str]:
        """Fence them, then end what was under way; what came of that, by run."""
        await _all(*(self._fence_pods(turn, ref) for ref in refs_of(turn.site)))
        clauses = await _all(*(self._ended(turn, cut) for cut in turn.site.cut_off))
        return dict(zip((cut.site.run for cut in turn.site.cut_off), clauses, strict=True))

    async def _fence_pods(self, turn: Turn, ref: Ref) -> None:
        with suppress(Missing):  # what is gone can't be written to; the restore says so
            await fence(self._workloads, ref, epoch=turn.epoch)

    async def _fence_database(self, turn: Turn) -> str:
        """Write our epoch there; a clause where the database stayed silent: the pods must not wait for it.

        Whatever migrates there later fences it first, by itself.
        """
        if turn.site.environment.database:
            try:
                await self._in_time(self._database.fence(turn.site, turn.epoch), "the database")
            except Unreachable:
                if turn.now - turn.began_at < PATIENCE:
                    raise
                return " · the database does not answer and is left as it is"
        return ""

    async def _in_time(self, doing: Awaitable[str | None], what: str) -> str:
        """What it comes to. Raises Unreachable where that takes too long."""
        try:
            async with asyncio.timeout(self._silent_after.total_seconds()):
                return await doing or ""
        except TimeoutError as late:
            raise Unreachable(what, "it took too long") from late


async def _all(*doing: Awaitable[T]) -> list[T]:
    """What each comes to, done at the same time; where one fails the others still come to their end."""
    answers = await asyncio.gather(*doing, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]


def _line(told: Mapping[str, str]) -> str:
    if not told:
        return "nothing was running here"
    return " · ".join(f"{run} stopped: {clause}" for run, clause in told.items())


def _sentence(turn: Turn, clause: str) -> str:
    return f"Stopped for {turn.site.run}: {clause}."
