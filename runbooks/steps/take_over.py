"""`take-over`: the first step of an emergency rollback; afterwards nobody older can act on any of its targets."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from runbooks.steps.base import Site, Step, Turn
from runbooks.steps.kubernetes.changing import fence
from runbooks.steps.kubernetes.workloads import Denied, Missing, Workloads, refs_of
from runbooks.vocabulary import Done, Failed, Json, Outcome, Pending, Unreachable

_AGAIN = timedelta(seconds=1)
_PATIENCE = timedelta(seconds=10)  # with a silent database, before the pods go back without it


class Holders(Protocol):
    """Who works on which run."""

    async def running(self, run: str) -> bool:
        """Whether somebody still holds a lease on the run."""
        ...


class DatabaseFence(Protocol):
    """The services' databases, as far as they can refuse an older holder."""

    async def fence(self, site: Site, epoch: int) -> None:
        """Write the epoch there; nothing older writes there once this returns. Raises Fenced, Unreachable."""
        ...


class TakeOver(Step):
    """Waits for the old holder, ends what it had begun, fences every target, and says what was found."""

    uses = "take-over"
    touches = frozenset({"workloads", "database"})

    def __init__(
        self, workloads: Workloads, *, holders: Holders, database: DatabaseFence, steps: Mapping[str, Step]
    ) -> None:
        self._workloads = workloads
        self._holders = holders
        self._database = database
        self._steps = steps

    async def start(self, turn: Turn) -> Outcome:
        """Take over; done again it finds its own epoch and changes nothing."""
        for run in turn.site.supersedes:
            if await self._holders.running(run):
                return Pending(turn.now + _AGAIN, f"waiting for {run} to let go")
        try:
            await self._fence_pods(turn)
            found = {cut.site.run: await self._ended(turn, cut) for cut in turn.site.cut_off}
            unfenced = await self._fence_database(turn)
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
        """End what was under way; where it lies in what stays silent, the way back goes on without, and says so."""
        try:
            return await self._steps[cut.step.uses].abandon(replace(cut, epoch=turn.epoch, now=turn.now))
        except Unreachable as silent:
            if turn.now - turn.began_at < _PATIENCE:
                raise
            what = silent.what[:1].lower() + silent.what[1:]
            return f"“{cut.step.title}” could not be ended, as {what} does not answer"

    async def _fence_pods(self, turn: Turn) -> None:
        for ref in refs_of(turn.site):
            with suppress(Missing):  # what is gone can't be written to; the restore says so
                await fence(self._workloads, ref, epoch=turn.epoch)

    async def _fence_database(self, turn: Turn) -> str:
        """Write our epoch there; a clause where the database stayed silent: the pods must not wait for it.

        Whatever migrates there later fences it first, by itself.
        """
        if turn.site.environment.database:
            try:
                await self._database.fence(turn.site, turn.epoch)
            except Unreachable:
                if turn.now - turn.began_at < _PATIENCE:
                    raise
                return " · the database does not answer and is left as it is"
        return ""


def _line(told: Mapping[str, str]) -> str:
    if not told:
        return "nothing was running here"
    return " · ".join(f"{run} stopped: {clause}" for run, clause in told.items())


def _sentence(turn: Turn, clause: str) -> str:
    return f"Stopped for {turn.site.run}: {clause}."
