"""Move a run on, under a lease: plan, intent, effect, outcome; one commit each, nothing held across outside work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from runbooks import pace
from runbooks.durations import Took
from runbooks.endings import release_of
from runbooks.engine import late, locks, sentences, silence
from runbooks.engine.holder import LOCKED, Holder
from runbooks.engine.people import Members
from runbooks.engine.planning import Planner
from runbooks.engine.stopping import abandoned, not_taken_over
from runbooks.engine.turns import Turns
from runbooks.redaction import Redactor
from runbooks.releases.state import Release
from runbooks.runs import commands as c
from runbooks.runs import todo as t
from runbooks.runs.decide import unchanged
from runbooks.runs.state import Run
from runbooks.steps.base import Turn, Untouched
from runbooks.store import Lease, LeaseLost, Store, StoreUnavailable, TargetBusy
from runbooks.vocabulary import (
    Done,
    Failed,
    Fenced,
    InDoubt,
    NotDone,
    Outcome,
    Pending,
    PlannedStep,
    PlanningFailed,
    Then,
    Unreachable,
)

AGAIN = timedelta(seconds=3)  # after an outside system did not answer
OTHERS = timedelta(minutes=1)  # for which a run is left to them, before it ends as its place is gone
log = logging.getLogger(__name__)

Suspecting = Callable[[Turn, Failed], Awaitable[Failed]]


async def _nobody(_turn: Turn, failed: Failed) -> Failed:
    return failed


@dataclass(frozen=True)
class Advance:
    """What a worker calls with a lease on a run."""

    store: Store
    planner: Planner
    members: Members
    redactor: Redactor
    clock: Callable[[], datetime]
    doing: Callable[[Run, t.Todo], AbstractContextManager[None]] = lambda *_: nullcontext()  # around each act
    ending: Callable[[], bool] = lambda: False  # whether this process begins no more
    suspecting: Suspecting = _nobody  # adds to a failure what else is seen, within a short time; raises nothing

    async def advance(self, lease: Lease) -> datetime | None:
        """Do all that can be done now; answers when to look again (None: when somebody moves it).

        A process that is ending does what it has begun and leaves the rest to others.
        Raises LeaseLost: somebody else holds the run now, and whatever was under way must be dropped.
        """
        hold = Holder(
            lease, self.store, catalogue=self.planner.catalogue, clock=self.clock, may_begin=self._may_begin
        )
        act: t.Todo | None = None
        while True:
            run, before = await hold.run(), act
            act = t.todo(run, lease.epoch, self.clock())
            if isinstance(act, t.Rest):
                return act.until
            if before is not None and self.ending() and not isinstance(act, t.Start):  # its intent is committed
                return self.clock()
            try:
                if isinstance(act, t.Begin | t.Start | t.Check | t.Settle):
                    self.planner.kind(act.step)
                if not isinstance(act, t.Stop | t.GiveUp):
                    self._leave_to_others(run)
                await self._tell_cut(run, act, hold)
                with self.doing(run, act):
                    if (until := await self._act(run, act, hold)) is not None:
                        return until
            except Unreachable as cause:
                return self.clock() + await self._say_unreachable(run, act, hold, cause)

    def _leave_to_others(self, run: Run) -> None:
        """Another's catalogue may have the place that ours lacks, as in an update. Raises Unreachable for a while."""
        place = f"An Opsbot whose catalogue has {run.service} in {run.environment}"
        if not self.planner.has(run) and silence.lasts(run, place, self.clock()) < OTHERS:
            raise Unreachable(place)

    def _may_begin(self, run: Run, step: PlannedStep) -> bool:
        """Whether its intent may follow at once: nobody is to be asked, no lock is to be heeded, and we can do it."""
        asks = step.changes and not run.changed and run.quorum is not None
        return not asks and not self.ending() and self.planner.has(run) and step.uses in self.planner.steps

    async def _act(self, run: Run, act: t.Todo, hold: Holder) -> datetime | None:  # a line per act
        match act:
            case t.Resolve():
                return await self._resolve(run, hold)
            case t.GiveUp():
                return await hold.commit(c.Expire())
            case t.Begin(step):
                return await hold.commit(c.Begin(step.id, hold.lease.epoch, await self._approvers(run, step)))
            case t.Park(step):
                asked = InDoubt(
                    f"“{step.title}” was interrupted, and whether it was done can't be read. Was it done?"
                )
                return await self._record(hold, run, step, asked)
            case t.Stop(step):
                return await self._stop(run, step, hold)
            case t.Start(step) | t.Check(step) | t.Settle(step):
                return await self._effect(run, act, step, hold)
            case _:
                return None

    async def _resolve(self, run: Run, hold: Holder) -> datetime | None:
        release: Release = (await hold.read([release_of(run)])).streams[release_of(run)].state
        if why := locks.holds(run, release):
            await hold.commit(c.Note(why))
            return self.clock() + LOCKED
        try:
            plan, provisional = await self.planner.plan(run, release, await self._took(run, release))
        except PlanningFailed as fault:
            sentence = self.redactor.text(fault.sentence)
            return await hold.commit(c.PlanFailed(sentence, fault.finding or ""))
        except (Unreachable, LeaseLost, StoreUnavailable):
            raise
        except Exception as cause:
            log.exception("%s could not be planned", run.id)
            what = f"Opsbot stumbled over an unexpected {type(cause).__name__} while it made the plan"
            return await hold.commit(c.PlanFailed(f"{what}; the log has the details."))
        if plan.brings is not None:  # what commits say is text from outside
            plan = replace(plan, brings=self.redactor.said(plan.brings))
        return await hold.commit(c.Adopt(plan, provisional))

    async def _took(self, run: Run, release: Release) -> tuple[Took, ...]:
        """How long pods took to come here before, from the runs that its release still names."""
        streams = pace.streams(release) if run.command == "deploy" else []
        found = (await self.store.read(streams)).streams if streams else {}
        return pace.took(release, (stored.state for stored in found.values()))

    async def _approvers(self, run: Run, step: PlannedStep) -> frozenset[Any]:
        if not step.changes or run.changed or run.quorum is None:
            return frozenset()
        return await self.members.of(run.quorum.group)

    async def _effect(self, run: Run, act: t.Todo, step: PlannedStep, hold: Holder) -> datetime | None:
        try:
            turn = await self._turn(run, step, hold)
            outcome = await self._outcome(act, turn)
            if isinstance(outcome, Failed) and is_worth_a_look(run, step):
                outcome = await self.suspecting(turn, outcome)
        except PlanningFailed as fault:  # the place is gone from the catalogue
            outcome = Failed(f"{fault.sentence} {sentences.left(act, step)}")
        if isinstance(outcome, NotDone):
            return await hold.commit(c.Begin(step.id, hold.lease.epoch, await self._approvers(run, step)))
        return await self._record(hold, run, step, outcome)

    async def _outcome(self, act: t.Todo, turn: Turn) -> Outcome | NotDone:
        step = self.planner.kind(turn.step)
        try:
            match act:
                case t.Check(token=token):
                    return await step.check(turn, token)
                case t.Settle():
                    return await step.settle(turn)
                case _:
                    return await step.start(turn)
        except Fenced as cause:
            log.warning("step %s of %s was refused: %s", turn.step.uses, turn.site.run, cause)
            return Failed(f"Somebody else took this target over meanwhile, so nothing more was done here ({cause}).")
        except asyncio.CancelledError as cut:  # the lease is lost; what was sent before may have been refused
            if isinstance(cut.__cause__, Fenced):
                await late.tell(self.store, self.planner.catalogue, turn, cut.__cause__)
            raise
        except (Unreachable, LeaseLost, StoreUnavailable):
            raise
        except Exception as cause:
            log.exception("step %s of %s failed unexpectedly", turn.step.uses, turn.site.run)
            return sentences.stumbled(turn.step, cause)

    async def _record(self, hold: Holder, run: Run, step: PlannedStep, outcome: Outcome) -> datetime | None:
        kept = self._redacted(outcome)
        told = run.silence is None and step.id in run.steps and unchanged(run, step.id, kept)
        if told and isinstance(kept, Pending):
            return kept.check_at
        try:
            return await hold.commit(c.Record(step.id, hold.lease.epoch, kept))
        except (LeaseLost, StoreUnavailable, TargetBusy):
            raise
        except Exception as cause:
            log.exception("what step %s of %s answered could not be recorded", step.uses, run.id)
            return await hold.commit(c.Record(step.id, hold.lease.epoch, sentences.stumbled(step, cause)))

    def _redacted(self, outcome: Outcome) -> Outcome:
        """Without secrets; but a bundle that is to be restored stays exact, and is never shown."""
        kept = self.redactor.outcome(outcome)
        if isinstance(outcome, Done) and isinstance(kept, Done) and "known_good" in outcome.evidence:
            return replace(kept, evidence={**kept.evidence, "known_good": outcome.evidence["known_good"]})
        return kept

    async def _stop(self, run: Run, step: PlannedStep | None, hold: Holder) -> datetime | None:
        step, note = step or not_taken_over(run), ""
        if step is not None:
            note = await abandoned(run, step, self._abandon(run, step, hold), self.clock())
        return await hold.commit(c.Stopped(self.redactor.text(note), isinstance(note, Untouched)))

    async def _abandon(self, run: Run, step: PlannedStep, hold: Holder) -> str:
        return await self.planner.kind(step).abandon(await self._turn(run, step, hold))

    async def _turn(self, run: Run, step: PlannedStep, hold: Holder) -> Turn:
        async def report(line: str) -> None:
            await hold.commit(c.Progress(step.id, hold.lease.epoch, self.redactor.text(line)))

        turns = Turns(hold, self.planner, self.clock)
        return replace(await turns.of(run, step, hold.lease.epoch), report=report)

    async def _tell_cut(self, run: Run, act: t.Todo, hold: Holder) -> None:
        """Whoever reads the card or the trail is to know that a step was left alone, begun or under way."""
        if told := t.interruption(run, act, lapsed=hold.lease.lapsed, late=hold.lease.late):
            await hold.commit(c.Note(told))
        hold.lease = replace(hold.lease, lapsed=False, late=timedelta())  # what is told is told

    async def _say_unreachable(self, run: Run, act: t.Todo, hold: Holder, cause: Unreachable) -> timedelta:
        """Tell it on the card, and where it lasts in a finding; answers how long to wait before asking again."""
        what, step = self.redactor.text(cause.what), getattr(act, "step", None)
        line, state = silence.said(what), run.of(step) if step is not None else None
        if step is None or state is None or state.epoch == 0:
            await hold.commit(c.Note(line[0].upper() + line[1:] + ".", silent=what))
        else:
            await hold.commit(c.Progress(step.id, state.epoch, line, what))
        lasts = silence.lasts(await hold.run(), what, self.clock())
        if lasts < silence.LONG:
            return AGAIN
        incident = await silence.incident_for(run, self.store)
        told = silence.finding(run, step, what=what, lasts=lasts, incident=incident)
        await hold.commit(told, f"finding/{run.id}.{silence.FINDING}")
        return silence.SELDOM


def is_worth_a_look(run: Run, step: PlannedStep) -> bool:
    """Whether a failure of this step fails a run that has changed its place."""
    return run.changed and run.command != "onboard" and step.on_failure.then is not Then.GO_ON
