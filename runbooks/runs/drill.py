"""A drill: one run that takes a place forward and back again. Where it turns round, and how long the way back took.

Pure. Its first line that goes back, and all below it, are the way back.
"""

from collections.abc import Sequence
from datetime import timedelta

from runbooks.runs.clock import HEALTH, Part, parts
from runbooks.runs.state import Run
from runbooks.vocabulary import Done, PlannedStep

DRILL = "drill"
GOES_BACK = frozenset({"kubernetes.restore", "migrations.rollback", "migrations.take-back"})
"""The steps that only a way back has."""


def turning_point(uses: Sequence[str]) -> int:
    """Where the way back begins among these steps; their number where nothing goes back."""
    return next((number for number, each in enumerate(uses) if each in GOES_BACK), len(uses))


def way_back(run: Run) -> tuple[PlannedStep, ...]:
    """The planned steps of the way back."""
    steps = run.plan.steps if run.plan else ()
    return steps[turning_point([step.uses for step in steps]) :]


def is_on_the_way_back(run: Run, step: str) -> bool:
    """Whether the planned step of this id is one of them."""
    return any(each.id == step for each in way_back(run))


def took_back(run: Run) -> timedelta | None:
    """From the first intent of the way back until all its health steps had ended well; None before that."""
    steps = way_back(run)
    states = {step.id: state for step in steps if (state := run.of(step)) is not None}
    began = [state.first_began_at or state.began_at for state in states.values()]
    healthy = [states.get(step.id) for step in steps if step.uses == HEALTH]
    ends = [each.recorded_at for each in healthy if each and each.recorded_at and isinstance(each.outcome, Done)]
    if not began or not healthy or len(ends) < len(healthy):
        return None
    return max(ends) - min(began)


def took(run: Run) -> timedelta | None:
    """From its first change until its last step that is done; None where it changed nothing."""
    ends = [state.recorded_at for state in run.steps.values() if state.recorded_at]
    return max(ends) - run.changed_at if run.changed_at and ends else None


def slowest(run: Run) -> Part | None:
    """The part of the way back that worked longest; None before one is done."""
    back = {step.id for step in way_back(run)}
    return max((part for part in parts(run) if part.step.id in back), key=lambda part: part.worked, default=None)
