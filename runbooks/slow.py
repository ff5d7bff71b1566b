"""A way back that took longer than it may: which part took longest, and what to look at. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from runbooks.durations import WAY_BACK
from runbooks.incidents.findings import Raise
from runbooks.runs import clock
from runbooks.runs import events as e
from runbooks.runs.state import Run
from runbooks.steps.output import span
from runbooks.vocabulary import Done

SLOW = "rollback-slow"
"""The row of the escalation table."""
_LOOK_AT = {
    "take-over": "Look at what the run that was stopped held on to: its Job, or a database that stays silent.",
    "kubernetes.restore": "Look at the pods' readiness and startup probes (initial delay, period, threshold), at "
    "maxSurge and maxUnavailable (how many pods come at a time), and at the grace period where old pods go first.",
    "http.health": "Look at `health:` in the catalogue (rounds in a row, interval), and at what the service does "
    "between being ready and being healthy.",
    "migrations.rollback": "Look at what the rollback scripts wait for (locks), and at how many rows they touch.",
}
"""By what a step uses."""


def follows(event: object, state: object) -> list[tuple[str, Any]]:
    """A finding, in the commit in which an emergency rollback is known to be healthy later than it should."""
    match event, state:
        case e.Recorded(outcome=Done(), step=step), Run() as run if run.emergency and _is_health(run, step):
            took = clock.total(run)
            if took is None or took <= WAY_BACK:
                return []
            told = Raise(SLOW, tuple(_told(run, took)), run.id, run.service, run.environment)
            return [(f"finding/{run.id}.{SLOW}", told)]
        case _:
            return []


def look_at(uses: str) -> str:
    """What to look at where a step of this kind took longest, as a sentence; "" where nothing can be said."""
    return _LOOK_AT.get(uses, "")


def _is_health(run: Run, step: str) -> bool:
    return run.plan is not None and run.plan.step(step).uses == "http.health"


def _told(run: Run, took: timedelta) -> Iterator[str]:
    limit = WAY_BACK // timedelta(minutes=1)
    yield f"{run.id} took {run.environment} back to {run.version} in {span(took)}; it may take {limit} minutes."
    worked, waited, rest = _longest_work(run), _longest_wait(run), _between(run, took)
    if rest >= max(worked[0], waited[0]):
        yield f"{span(rest)} of it lay between its steps: no Opsbot was at work then, or something did not answer."
    elif waited[0] > worked[0]:
        yield f"{span(waited[0])} of it was waiting for people: {waited[1]}."
    else:
        yield f"“{worked[1]}” took longest: {span(worked[0])}."
        if advice := look_at(worked[2]):
            yield advice


def _longest_work(run: Run) -> tuple[timedelta, str, str]:
    """How long, which step, what it uses."""
    found = [(part.worked, part.step.title, part.step.uses) for part in clock.parts(run)]
    return max(found, key=lambda each: each[0], default=(timedelta(), "", ""))


def _longest_wait(run: Run) -> tuple[timedelta, str]:
    """How long, and for what."""
    found = [(part.waited, f"for an answer in “{part.step.title}”") for part in clock.parts(run)]
    approval = clock.waited_for_approval(run)
    return max([*found, (approval or timedelta(), "for approval")], key=lambda each: each[0])


def _between(run: Run, took: timedelta) -> timedelta:
    parts = sum((part.worked + part.waited for part in clock.parts(run)), timedelta())
    return took - parts - (clock.waited_for_approval(run) or timedelta())
