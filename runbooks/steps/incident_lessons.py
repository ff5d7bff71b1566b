"""`incident.lessons`: what was learned is written down before the checklist ends.

A line for people. Where the run has an incident that is open, its form asks for the lessons, and writing them ticks
the line; else a person ticks it.
"""

from runbooks.steps.base import Params, Resolved, Site, Step
from runbooks.steps.confirm import Confirm
from runbooks.vocabulary import Cut, PlannedStep

_LESSONS = "lessons"


class IncidentLessons(Step):
    """Asks for what was learned: by the form of the run's incident, or a tick where it has none."""

    uses = "incident.lessons"
    cut = Cut.IDEMPOTENT

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # the same everywhere
        """A line to tick."""
        return Resolved({_LESSONS: True}, uses=Confirm.uses)


def asks_for_lessons(step: PlannedStep) -> bool:
    """Whether this line asks for what was learned."""
    return step.uses == Confirm.uses and bool(step.params.get(_LESSONS))
