"""The state of a run, and what follows from it: what it holds, when it is due, which step is next."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from runbooks.rollback_outcome import Released, WayBack
from runbooks.runs.approvals import Approval, agreed_to
from runbooks.vocabulary import (
    GAPS,
    OPSBOT,
    Actor,
    Done,
    Failed,
    InDoubt,
    Json,
    KnownGood,
    Outcome,
    Pending,
    Plan,
    PlannedStep,
    Quorum,
    Then,
    Waiting,
)

PLANNED = "planned"
"""The part of a rollback's document that is for rollbacks without hurry."""


class Status(StrEnum):
    """Where a run stands."""

    NEW = "new"  # nothing recorded yet
    PLANNING = "planning"
    RUNNING = "running"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    @property
    def over(self) -> bool:
        """Whether nothing moves it any more."""
        return self not in _OPEN

    @property
    def given_up(self) -> bool:
        """Whether people ended it (an approval that did not come counts), and nothing follows by itself."""
        return self in (Status.ABORTED, Status.REJECTED, Status.EXPIRED)


_OPEN = {Status.NEW, Status.PLANNING, Status.RUNNING, Status.STOPPING}


@dataclass(frozen=True)
class StepRun:
    """One step's run: the last intent, and what came of it."""

    epoch: int  # 0: no intent stands, it is to be begun (again)
    began_at: datetime
    outcome: Annotated[Outcome, Field(discriminator="kind")] | None = None
    recorded_at: datetime | None = None
    progress: str = ""
    choice: str = ""
    choice_by: Actor | None = None
    first_began_at: datetime | None = None
    waited: timedelta = timedelta()  # for people's answers, in all

    @property
    def finished(self) -> bool:
        """Done, or failed in a way the document lets pass."""
        return isinstance(self.outcome, Done | Failed)


@dataclass(frozen=True)
class Silence:
    """What does not answer, and since when a run has done nothing but wait for it."""

    what: str
    since: datetime


@dataclass(frozen=True)
class Run:
    """A run of a runbook, as its events made it."""

    id: str
    status: Status = Status.NEW
    command: str = ""
    runbook: str = ""
    service: str = ""
    environment: str = ""
    version: str = ""
    requester: Actor = OPSBOT
    requested_at: datetime | None = None
    targets: tuple[str, ...] = ()
    quorum: Quorum | None = None
    approval_seconds: int = 0
    target: KnownGood | None = None
    supersedes: tuple[str, ...] = ()
    because: str = ""
    parameters: dict[str, str] = field(default_factory=dict)  # such as the tenant of an onboarding
    incident: str = ""  # the one that it joined; "": that of its own number, if there is one
    seen: tuple[str, ...] = ()  # changes of others, by key, that the requester saw it would overwrite
    plan: Plan | None = None
    digest: str = ""
    provisional: bool = False
    verified_at: datetime | None = None  # the plan was made again then, came out the same, and no step came since
    difference: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    steps: dict[str, StepRun] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    moved_at: datetime | None = None
    waiting_since: datetime | None = None  # for approvals
    ended_at: datetime | None = None
    ended_by: Actor | None = None
    reason: str = ""
    failed_step: str = ""
    finding: str = ""
    roll_back: bool = False
    successor: str = ""
    untouched: str = ""  # the step that was ended before it changed anything
    supplanted: bool = False  # something else began to change the place, or was adopted there, since this run had
    silence: Silence | None = None
    way_back: WayBack | None = None  # how the rollback ended that was to take back what this run left
    released: Released | None = None  # of a rollback: the end of the hold on deploys that came with its end

    def of(self, step: PlannedStep) -> StepRun | None:
        """How far this step has come; None before its first intent."""
        return self.steps.get(step.id)

    def by(self, step: PlannedStep) -> Actor:
        """Who has this step done: whoever decided on it, else who asked for the run; the bot, where nobody did."""
        state = self.of(step)
        return (state.choice_by if state else None) or (OPSBOT if self.because else self.requester)

    def passed(self, step: PlannedStep) -> bool:
        """Whether the run may go past this step."""
        run = self.of(step)
        if run is None or not run.finished:
            return False
        return isinstance(run.outcome, Done) or step.on_failure.then == Then.GO_ON

    @property
    def unfinished(self) -> Iterable[PlannedStep]:
        """The steps still ahead, in the document's order."""
        return (s for s in self.plan.steps if not self.passed(s)) if self.plan else ()

    @property
    def current(self) -> PlannedStep | None:
        """The first step ahead; None before the plan stands and after the last."""
        return next(iter(self.unfinished), None)

    @property
    def planned(self) -> bool:
        """Whether it is a rollback without hurry: it waits for approvals, and an emergency ends it."""
        return self.command == "rollback" and self.runbook.endswith(f"/{PLANNED}")

    @property
    def overwrites(self) -> tuple[str, ...]:
        """The changes of others, by key, that its card says are overwritten: by it, or by the way back from it."""
        planned = [step.params for step in self.plan.steps] if self.plan else []
        return tuple(key for said in (*planned, *self.evidence.values()) for key in said.get("overwrites", ()))

    @property
    def gaps(self) -> tuple[str, ...]:
        """What its rehearsal could not prove of the way back, or saw lost, a sentence each."""
        return tuple(gap for evidence in self.evidence.values() for gap in evidence.get(GAPS, ()))

    @property
    def approvable(self) -> str:
        """The digest that a click on Approve names now."""
        return agreed_to(self.digest, self.gaps)

    @property
    def agreed(self) -> tuple[Approval, ...]:
        """The approvals of just that; one from before a gap was known does not count."""
        return tuple(approval for approval in self.approvals if approval.digest == self.approvable)

    @property
    def by_hand(self) -> bool:
        """Whether it is an emergency rollback that a person asked for."""
        return self.command == "rollback" and not self.planned and not self.because

    @property
    def emergency(self) -> bool:
        """Whether it is a rollback at once, whoever began it."""
        return self.command == "rollback" and not self.planned

    @property
    def changed(self) -> bool:
        """Whether a step that changes the environment has begun, and is not known to have changed nothing."""
        return any(self._changing)

    @property
    def changed_at(self) -> datetime | None:
        """When the first step that changes the environment began; None before that."""
        return min((state.first_began_at or state.began_at for state in self._changing), default=None)

    @property
    def _changing(self) -> Iterable[StepRun]:
        steps = (s.id for s in self.plan.steps if s.changes and s.id != self.untouched) if self.plan else ()
        return (self.steps[step] for step in steps if step in self.steps)

    @property
    def carried_out(self) -> bool:
        """Whether it has changed all that it was to change: what is left waits for people, or tells them of it."""
        return self.changed and not self.provisional and all(map(self._is_for_people, self.unfinished))

    @property
    def not_ended(self) -> tuple[str, ...]:
        """The runs that were stopped for it, while its take-over has not ended what they had begun."""
        taking = (self.of(step) for step in self.plan.steps if step.uses == "take-over") if self.plan else ()
        through = any(state is not None and isinstance(state.outcome, Done) for state in taking)
        return () if through else self.supersedes

    @property
    def stands(self) -> bool:
        """Whether all is done, or only lines are left that people tick."""
        if self.status is Status.SUCCEEDED or (self.status is Status.ABORTED and self.carried_out):
            return True
        lines = [step.uses == "confirm" for step in self.unfinished]
        return self.status is Status.RUNNING and self.carried_out and bool(lines) and all(lines)

    def _is_for_people(self, step: PlannedStep) -> bool:
        state = self.of(step)
        asked = step.uses != "approve" and state is not None and isinstance(state.outcome, Waiting)
        return asked or step.uses in ("confirm", "announce")

    @property
    def approvals_wanted(self) -> int:
        """How many approvals of this plan are still missing."""
        return max(0, self.quorum.count - len(self.agreed)) if self.quorum else 0

    @property
    def open_items(self) -> tuple[PlannedStep, ...]:
        """The steps that a person may tick now: the unfinished manual items of the phase at work."""
        if (at := self.current) is None:
            return ()
        return tuple(s for s in self.unfinished if s.phase == at.phase and (s.uses == "confirm" or s is at))

    @property
    def waits_for_approval(self) -> bool:
        """Whether nothing but approvals can move it on."""
        at = self.current
        gate = at is not None and (at.uses == "approve" or (at.changes and not self.changed))
        return self.status is Status.RUNNING and gate and self.approvals_wanted > 0

    @property
    def evidence(self) -> dict[str, Json]:
        """What the finished steps left, by step id."""
        return {i: s.outcome.evidence for i, s in self.steps.items() if isinstance(s.outcome, Done | Failed)}


def left_unended(left: Iterable[Run]) -> tuple[str, ...]:
    """What the next rollback has to take over besides: what those before it failed to end."""
    return tuple(dict.fromkeys(name for run in left for name in run.not_ended))


def held(run: Run) -> frozenset[str]:
    """The targets a run reserves: all of them until only people's lines are left to do, or it is over."""
    if run.status is Status.NEW or run.status.over:
        return frozenset()
    busy = run.plan is None or run.provisional or any(s.uses != "confirm" for s in run.unfinished)
    return frozenset(run.targets) if busy else frozenset()


def outstanding(run: Run) -> bool:
    """Whether it still goes on."""
    return not run.status.over


def due(run: Run) -> datetime | None:
    """When the run wants to be looked at by itself; None: only a person moves it."""
    if run.status.over or run.status is Status.NEW or run.moved_at is None:
        return None
    if run.waits_for_approval:
        return approval_ends(run)
    at = run.of(run.current) if run.current else None
    if run.status is Status.RUNNING and at is not None:
        match at.outcome:
            case Pending(check_at=again):
                return again
            case Waiting() | InDoubt():
                return None
    return run.moved_at


def approval_ends(run: Run) -> datetime | None:
    """When the wait for approvals ends the run; None while it does not wait."""
    return run.waiting_since + timedelta(seconds=run.approval_seconds) if run.waiting_since else None
