"""The line of a run that asks for lessons: the button that opens its incident's form; the lessons in its thread."""

from collections.abc import Iterator

from commands.views.blocks import Block, button
from commands.views.incident_card import lessons_blocks
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run
from runbooks.steps.incident_lessons import asks_for_lessons
from runbooks.vocabulary import PlannedStep


def lessons_button(step: PlannedStep, incident: Incident | None) -> Block | None:
    """In place of a bare tick, while the incident is open; None where a person ticks the line."""
    if not asks_for_lessons(step) or incident is None or not incident.opened or incident.resolved is not None:
        return None
    return button("Write lessons", "resolve-incident:lessons", {"incident": incident.id})


def lessons_of(run: Run, incident: Incident | None) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """The message of the run's thread that tells them; nothing where the run does not ask for any.

    Nor while the incident is open: those of an incident that was opened again are about what was before.
    """
    asked = run.plan is not None and any(map(asks_for_lessons, run.plan.steps))
    if asked and incident is not None and incident.lessons is not None and not incident.goes_on:
        yield f"Lessons of {incident.id}", tuple(lessons_blocks(incident))
