"""What keeps deploys out, and those that are asked for already: the first change of none of them begins under it."""

from runbooks.releases.state import Lock, Release
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run


def heeds(run: Run) -> bool:
    """Whether a lock keeps the run from changing anything: a deploy, or a drill, that has not begun to."""
    return run.command in ("deploy", DRILL) and not run.status.over and not run.changed


def noted(lock: Lock) -> str:
    """What is kept on the card of a deploy that the lock holds."""
    if lock.run:
        return f"Deploys are held: {lock.reason}, at {_of(lock)}."
    return f"Deploys were locked at {_of(lock)}: “{lock.reason}”."


def released(lock: Lock) -> str:
    """What is kept there once it holds no more."""
    if lock.run:
        return f"Deploys were released, which had been held since {lock.run} of {_of(lock)}."
    return f"The lock of {_of(lock)} was released."


def holds(run: Run, release: Release) -> str:
    """What is to be noted where nothing but the lock keeps the run's first change from beginning; "" elsewhere."""
    step = run.current
    at_its_change = step is not None and step.changes and heeds(run)
    return noted(release.stops) if release.stops and at_its_change else ""


def _of(lock: Lock) -> str:
    return f"{lock.at:%H:%M} UTC on {lock.at:%-d %b}"
