"""One attempt at one step: where it acts, since when, and for a take-over what the runs it stopped were amid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from runbooks.endings import release_of
from runbooks.engine.planning import Planner
from runbooks.releases.state import Release
from runbooks.runs.state import Run, StepRun
from runbooks.runs.todo import under_way
from runbooks.steps.base import Turn
from runbooks.store import Snapshot
from runbooks.vocabulary import PlannedStep


class Reads(Protocol):
    """The store, or who has read it just now."""

    async def read(self, streams: Sequence[str]) -> Snapshot:
        """The streams' states."""
        ...


@dataclass(frozen=True)
class Turns:
    """Makes them, from what is recorded."""

    store: Reads
    planner: Planner
    clock: Callable[[], datetime]

    async def of(self, run: Run, step: PlannedStep, epoch: int) -> Turn:
        """This step of the run, under this epoch. Raises PlanningFailed where the catalogue has its place no more."""
        stopped = [f"run/{name}" for name in run.supersedes]
        found = (await self.store.read([release_of(run), *stopped])).streams
        release: Release = found[release_of(run)].state
        site = self.planner.site(run, release, step)
        cut_off = [self._amid(found[stream].state, release, epoch) for stream in stopped]
        state = run.of(step) or StepRun(0, run.moved_at or self.clock())
        return Turn(
            site=replace(site, cut_off=tuple(turn for turn in cut_off if turn is not None)),
            step=step,
            epoch=epoch,
            began_at=state.first_began_at or state.began_at,
            now=self.clock(),
            choice=state.choice,
            by=run.by(step),
            changed_at=run.changed_at,
            evidence=run.evidence,
        )

    def _amid(self, stopped: Run, release: Release, epoch: int) -> Turn | None:
        """What a run of the same place that was stopped was in the middle of."""
        step = under_way(stopped)
        if step is None:
            return None
        state = stopped.steps[step.id]
        began, site = state.first_began_at or state.began_at, self.planner.site(stopped, release, step)
        return Turn(site, step, epoch, began, self.clock(), evidence=stopped.evidence)
