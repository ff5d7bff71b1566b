"""One attempt at one step: where it acts, since when, and for a take-over what the runs it stopped were amid."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from runbooks.endings import release_of
from runbooks.engine.planning import Planner
from runbooks.runs.state import Run, StepRun
from runbooks.runs.todo import under_way
from runbooks.steps.base import Site, Turn
from runbooks.store import Store
from runbooks.vocabulary import PlannedStep


@dataclass(frozen=True)
class Turns:
    """Makes them, from what is recorded."""

    store: Store
    planner: Planner
    clock: Callable[[], datetime]

    async def of(self, run: Run, step: PlannedStep, epoch: int) -> Turn:
        """This step of the run, under this epoch. Raises PlanningFailed where the catalogue has its place no more."""
        site = await self._site(run)
        cut_off = [await self._amid(name, epoch) for name in run.supersedes]
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

    async def _site(self, run: Run) -> Site:
        release = (await self.store.read([release_of(run)])).streams[release_of(run)].state
        return self.planner.site(run, release)

    async def _amid(self, name: str, epoch: int) -> Turn | None:
        """What a run that was stopped was in the middle of."""
        old: Run = (await self.store.read([f"run/{name}"])).streams[f"run/{name}"].state
        step = under_way(old)
        if step is None:
            return None
        state = old.steps[step.id]
        began = state.first_began_at or state.began_at
        return Turn(await self._site(old), step, epoch, began, self.clock(), evidence=old.evidence)
