"""What is said of a drill's run where it differs from a deploy's: its title, its versions, and its clock."""

from collections.abc import Iterator
from datetime import timedelta

from commands.views import words
from commands.views.onboarding import ENDS
from runbooks.durations import WAY_BACK
from runbooks.runs import clock, drill
from runbooks.runs.state import Run, Status

LIMIT = "five minutes"


def title(run: Run) -> str:
    """The card's first line; it changes with the run's end."""
    place = f"{run.service} {run.environment}"
    if run.status is Status.SUCCEEDED:
        took = drill.took_back(run)
        return f"Drilled {place}" + (f": back in {words.span(took)}" if took is not None else "")
    if run.status is Status.FAILED and run.plan is None:
        return f"Not started: drill of {place}"
    return f"Drill {ENDS[run.status]}: {place}" if run.status.over else f"Drill {place}"


def versions(run: Run) -> str:
    """From what runs, forward, and back."""
    back = words.line(run.target.version, 90) if run.target else ""
    to = f"*{words.line(run.version, 90)}*" if run.version else "another version"
    if run.plan and run.plan.commit:
        to += f" {words.commit(run.plan.commit)}"
    return f"{back} → {to} → {back}"


def clock_line(run: Run) -> str:
    """For the card; "" before it turns round. Slack draws the times, so that none is ticked."""
    if (took := drill.took_back(run)) is not None:
        return f"⏱ {measured(took)}"
    began = [state.first_began_at for step in drill.way_back(run) if (state := run.of(step)) and state.first_began_at]
    if not began:
        return ""
    since = f"⏱ The way back began at {words.clock(min(began), seconds=True)}"
    if run.status.over:
        return f"{since}; it did not come to healthy."
    return f"{since} · the {LIMIT} are over at {words.clock(min(began) + WAY_BACK, seconds=True)}"


def measured(took: timedelta) -> str:
    """The way back against the five minutes."""
    if took > WAY_BACK:
        return f"Back and healthy in {words.span(took)}: {words.span(took - WAY_BACK)} longer than the {LIMIT}."
    return f"Back and healthy in {words.span(took)}, of {LIMIT}."


def parts(run: Run) -> Iterator[tuple[str, str]]:
    """For the thread: what each step of the way back took, once it is over."""
    back = {step.id for step in drill.way_back(run)} if run.command == drill.DRILL else set()
    for part in clock.parts(run):
        if part.step.id in back:
            yield part.step.id, f"⏱ {words.short(part.step.title)}: {_span(part.worked)}"


def _span(length: timedelta) -> str:
    return words.span(length) if length >= timedelta(seconds=1) else "under 1 s"
