"""One step as a line of its card: its sign, and what it found, does or waits for."""

from commands.views import words
from runbooks.runs.state import Run, Status, StepRun
from runbooks.vocabulary import Done, Failed, InDoubt, Pending, PlannedStep, Then, Waiting

DONE, TICKED, FAILED, PASSED = "✅", "☑️", "❌", "⚠️"
WAITS, WORKS, STOPPED, AHEAD = "⏸", "⏳", "⏹", "⬜"

_LINE = 240  # characters
_TIMED = {
    "ci.verdict",
    "http.health",
    "http.smoke",
    "kubernetes.rollout",
    "kubernetes.restore",
    "migrations.apply",
    "probes.check",
}
"""What people want to know the length of; a command's line says it already."""


def icon(run: Run, step: PlannedStep) -> str:
    """The step's sign; colour is never the only one, since its line says it too."""
    state = run.of(step)
    match state.outcome if state else None:
        case Done():
            return TICKED if state and state.choice_by else DONE
        case Failed():
            return PASSED if step.on_failure.then is Then.GO_ON else FAILED
        case _ if step.uses == "approve" and run.waits_for_approval:
            return WAITS
        case _ if state is None or not state.epoch:
            return AHEAD
        case _ if run.status.over:
            return STOPPED
        case Waiting() if step.uses == "confirm":
            return AHEAD  # a box to tick
        case Waiting() | InDoubt():
            return WAITS
        case _:
            return WORKS


def line_of(run: Run, step: PlannedStep) -> str:
    """What there is to say of it, "" where nothing."""
    state = run.of(step)
    if state is None:
        return ""
    match state.outcome:
        case Done(line=line):
            return _done(run, step, state, line)
        case Failed(reason=reason):
            return words.line(reason)
        case Waiting(on=on):
            return "" if step.uses in ("confirm", "approve") else words.line(f"waits for {on}", _LINE)
        case InDoubt(question=question):
            return words.line(question)
        case Pending(line=line):
            return words.line(state.progress or line, _LINE)
        case _:
            return words.line(state.progress, _LINE)


def _done(run: Run, step: PlannedStep, state: StepRun, line: str) -> str:
    if step.uses == "approve" and run.agreed:
        return f"by {words.people(a.by for a in run.agreed)}"
    if step.uses == "lkg.update" and run.status is Status.SUCCEEDED:
        return last_known_good(run)
    if not line:
        return decided(state)
    took = state.recorded_at - (state.first_began_at or state.began_at) if state.recorded_at else None
    length = f" · {words.span(took)}" if took and took.total_seconds() >= 1 and step.uses in _TIMED else ""
    return words.line(line, _LINE) + length


def last_known_good(run: Run) -> str:
    """What a deploy that ended well has made of its version."""
    return f"{words.line(run.version, 60)} is the last known good"


def decided(state: StepRun) -> str:
    """Who ticked or decided it, what and when; "" where nobody had to."""
    if state.choice_by is None:
        return ""
    left = "left as it is by " if state.choice == "leave" else ""
    return f"{left}{words.person(state.choice_by)}, {words.clock(state.recorded_at)}"
