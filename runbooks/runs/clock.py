"""How long an emergency rollback took, in all and part by part, from what happened to its run. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.durations import WAY_BACK
from runbooks.runs.state import Run
from runbooks.vocabulary import Actor, Done, PlannedStep

HEALTH, _OF_PEOPLE = "http.health", ("confirm", "approve")


@dataclass(frozen=True)
class Part:
    """One step that is done: how long it worked, and how long it waited for a person's word."""

    step: PlannedStep
    worked: timedelta
    waited: timedelta
    waited_for: Actor | None  # who gave it


def ends(run: Run) -> datetime | None:
    """When the five minutes are over; None before it is asked for."""
    return run.requested_at + WAY_BACK if run.requested_at else None


def total(run: Run) -> timedelta | None:
    """From the commit of its request to the end of its last health step, whatever was waited for; None before that.

    A rollback that began by itself was requested in the commit that recorded the failed step.
    """
    steps = [step for step in run.plan.steps if step.uses == HEALTH] if run.plan else []
    states = [run.of(step) for step in steps]
    healthy = [s.recorded_at for s in states if s and s.recorded_at and isinstance(s.outcome, Done)]
    if run.requested_at is None or run.provisional or not steps or len(healthy) < len(steps):
        return None
    return max(healthy) - run.requested_at


def parts(run: Run) -> Iterator[Part]:
    """Its steps that are done, in order; lines that people tick, and approvals, are none."""
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        if state is None or step.uses in _OF_PEOPLE or not isinstance(state.outcome, Done) or not state.recorded_at:
            continue
        took = state.recorded_at - (state.first_began_at or state.began_at)
        yield Part(step, took - state.waited, state.waited, state.choice_by)


def waited_for_approval(run: Run) -> timedelta | None:
    """How long it waited for approvals, from the end of the step before on; None where it has none."""
    if not run.agreed or run.approvals_wanted or run.requested_at is None:
        return None
    last = max(approval.at for approval in run.agreed)
    before = [s.recorded_at for s in run.steps.values() if s.recorded_at and s.recorded_at <= last]
    return last - max(before, default=run.requested_at)
