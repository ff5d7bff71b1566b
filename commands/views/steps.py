"""One step as a line of its card: its sign, and what it found, does or waits for."""

from commands.views import words
from runbooks.runs.state import Run, StepRun
from runbooks.vocabulary import Done, Failed, InDoubt, Pending, PlannedStep, Then, Waiting

ICONS = {"done": "✅", "ticked": "☑️", "failed": "❌", "passed": "⚠️", "waits": "⏸", "works": "⏳", "ahead": "▫️"}


def icon(run: Run, step: PlannedStep) -> str:
    """The step's sign; colour is never the only one, since its line says it too."""
    state = run.of(step)
    match state.outcome if state else None:
        case Done():
            return ICONS["ticked"] if state and state.choice_by else ICONS["done"]
        case Failed():
            return ICONS["passed"] if step.on_failure.then is Then.GO_ON else ICONS["failed"]
        case Waiting() | InDoubt():
            return ICONS["waits"]
        case _:
            return ICONS["works"] if state and state.epoch else ICONS["ahead"]


def line_of(run: Run, step: PlannedStep) -> str:
    """What there is to say of it, "" where nothing."""
    state = run.of(step)
    if state is None:
        return ""
    match state.outcome:
        case Done(line=line):
            return _done(state, line)
        case Failed(reason=reason):
            return words.safe(reason)
        case Waiting(on=on):
            return "" if step.uses in ("confirm", "approve") else words.safe(f"waits for {on}")
        case InDoubt(question=question):
            return words.safe(question)
        case Pending(line=line):
            return words.safe(state.progress or line)
        case _:
            return words.safe(state.progress)


def _done(state: StepRun, line: str) -> str:
    if state.choice_by and not line:
        return f"{words.person(state.choice_by)}, {words.clock(state.recorded_at)}"
    took = state.recorded_at - (state.first_began_at or state.began_at) if state.recorded_at else None
    length = f" · {words.span(took)}" if took is not None and took.total_seconds() >= 1 and " s" not in line else ""
    return words.safe(line) + (length if line else "")
