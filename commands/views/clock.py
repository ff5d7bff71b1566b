"""The clock of an emergency rollback: when it began and by when it should be over, its parts, and the total."""

from collections.abc import Iterator
from datetime import timedelta

from commands.views import drills, words
from runbooks.durations import WAY_BACK
from runbooks.runs import clock
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run

_LIMIT = "five minutes"


def clock_line(run: Run) -> str:
    """For the card; "" of what is no emergency and no drill. Slack draws the times, so that none is ticked."""
    if run.command == DRILL:
        return drills.clock_line(run)
    if not run.emergency or run.requested_at is None:
        return ""
    if (took := clock.total(run)) is not None:
        return f"⏱ {measured(took)}"
    began = f"⏱ Began at {words.clock(run.requested_at, seconds=True)}"
    if run.status.over:
        return f"{began}; it did not come to healthy."
    return f"{began} · the {_LIMIT} are over at {words.clock(clock.ends(run), seconds=True)}"


def measured(took: timedelta) -> str:
    """The total against the five minutes."""
    if took > WAY_BACK:
        over = words.span(took - WAY_BACK)
        return f"Healthy {words.span(took)} after it was asked for: {over} longer than the {_LIMIT}."
    return f"Healthy {words.span(took)} after it was asked for, of {_LIMIT}."


def in_all(run: Run) -> str:
    """For the title: " in 43 s"; "" where that is not known, or nobody hurried."""
    took = clock.total(run) if run.emergency else None
    return f" in {words.span(took)}" if took is not None else ""


def parts(run: Run) -> Iterator[tuple[str, str]]:
    """For the thread, each by its name, once it is over."""
    yield from drills.parts(run)
    if not run.emergency:
        return
    if (approved := clock.waited_for_approval(run)) is not None:
        yield "approval", f"⏱ Approval: {_span(approved)} waiting for {words.people(a.by for a in run.agreed)}"
    for part in clock.parts(run):
        waited = f", and {_span(part.waited)} waiting for {words.person(part.waited_for)}" if part.waited else ""
        yield part.step.id, f"⏱ {words.short(part.step.title)}: {_span(part.worked)}{waited}"
    if run.stands and (took := clock.total(run)) is not None:
        yield "total", f"⏱ {measured(took)}"


def _span(length: timedelta) -> str:
    return words.span(length) if length >= timedelta(seconds=1) else "under 1 s"
