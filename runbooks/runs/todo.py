"""What the worker that holds a run does next: one small value, from the state alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.runs.state import Run, Status, approval_ends
from runbooks.vocabulary import Cut, InDoubt, Json, Pending, PlannedStep

_FRESH = timedelta(minutes=2)  # a plan that was made again, while nobody could be asked who approves
_LATE = timedelta(seconds=5)  # longer than any worker that is alive takes to come


@dataclass(frozen=True)
class Resolve:
    """Make the plan (again)."""


@dataclass(frozen=True)
class Begin:
    """Commit the intent of this step."""

    step: PlannedStep


@dataclass(frozen=True)
class Start:
    """The intent stands under our epoch, read back: do it."""

    step: PlannedStep


@dataclass(frozen=True)
class Check:
    """Look again at what goes on outside."""

    step: PlannedStep
    token: Json


@dataclass(frozen=True)
class Settle:
    """Somebody else's intent was cut off: read the world."""

    step: PlannedStep


@dataclass(frozen=True)
class Park:
    """Somebody else's intent was cut off, and nothing can tell what came of it: ask."""

    step: PlannedStep


@dataclass(frozen=True)
class Stop:
    """End what is under way (None: nothing is), then end the run."""

    step: PlannedStep | None


@dataclass(frozen=True)
class GiveUp:
    """Nobody approved in time."""


@dataclass(frozen=True)
class Rest:
    """Nothing to do until then; None: until somebody moves it."""

    until: datetime | None


Todo = Resolve | Begin | Start | Check | Settle | Park | Stop | GiveUp | Rest


def todo(run: Run, epoch: int, now: datetime) -> Todo:
    """The next act of the holder of lease `epoch`."""
    step = run.current
    match run.status:
        case Status.PLANNING:
            return Resolve()
        case Status.STOPPING:
            return Stop(under_way(run))
        case Status.RUNNING if step is None:
            return Resolve() if run.provisional else Rest(None)
        case Status.RUNNING:
            pass
        case _:
            return Rest(None)
    assert step is not None  # noqa: S101  # narrowed by the match above
    if run.waits_for_approval and (step.uses != "approve" or step.id in run.steps):
        return GiveUp() if (ends := approval_ends(run)) and ends <= now else Rest(ends)
    if _gated(run, step) and not _made_just_now(run, now):
        return Resolve()
    return _step_todo(run, step, epoch, now)


def _gated(run: Run, step: PlannedStep) -> bool:
    """Whether the plan must be made again before this step: approvals were given, nothing has changed yet."""
    waited = step.uses == "approve" and step.id in run.steps
    return bool(run.quorum) and not run.changed and (waited or step.changes)


def _made_just_now(run: Run, now: datetime) -> bool:
    return run.verified_at is not None and now - run.verified_at < _FRESH


def _step_todo(run: Run, step: PlannedStep, epoch: int, now: datetime) -> Todo:
    state = run.of(step)
    if state is None or state.epoch == 0:
        return Begin(step)
    match state.outcome:
        case None:
            return Start(step) if state.epoch == epoch else _cut(step)
        case Pending(check_at=at, token=token):
            return Check(step, token) if at <= now else Rest(at)
        case _:
            return Rest(None)


def _cut(step: PlannedStep) -> Todo:
    match step.cut:
        case Cut.IDEMPOTENT:
            return Begin(step)
        case Cut.RECONCILES:
            return Settle(step)
        case Cut.PARKS:
            return Park(step)


def cut_off(run: Run, act: Todo) -> PlannedStep | None:
    """The step that another holder began and did not come to record, where that is what is to be done about."""
    match act:
        case Settle(step) | Park(step):
            return step
        case Begin(step) if (state := run.of(step)) is not None and state.epoch:
            return step
        case _:
            return None


def interruption(run: Run, act: Todo, *, lapsed: bool, late: timedelta) -> str:
    """What people are to read of an interruption; "" where there was none.

    `lapsed`: the holder before did not let go; `late`: how long nobody looked although it was time.
    """
    step = act.step if isinstance(act, Check) and lapsed else cut_off(run, act)
    if step is not None and not lapsed and run.silence is not None:
        return ""
    if step is not None:
        said = f"“{step.title}” was interrupted and taken up again"
        before = sum(note.startswith(said) for note in run.notes)
        return f"{said}{f', {before + 1} times by now' if lapsed and before else ''}."
    if isinstance(act, Check) and late >= _LATE:
        gone = f"{late.total_seconds():.0f} s"
        return f"Watching “{act.step.title}” was interrupted and taken up again after {gone}."
    return ""


def under_way(run: Run) -> PlannedStep | None:
    """The step whose effect may still be going on outside."""
    step = run.current
    state = run.of(step) if step else None
    running = state is not None and state.epoch != 0 and isinstance(state.outcome, Pending | InDoubt | None)
    return step if running else None
