"""`incident.record`: opens the incident record that the run's checklist asks for, with its own channel and card.

The step only names it; the incident is opened in the commit that records the step, so that asking again after a cut
finds the same one.
"""

from runbooks.steps.base import Step, Turn
from runbooks.vocabulary import Cut, Done, Outcome

RECORD = "incident"
"""The key of the evidence that names the record."""


class IncidentRecord(Step):
    """Opens the incident record of the run, which has its number."""

    uses = "incident.record"
    cut = Cut.IDEMPOTENT

    async def start(self, turn: Turn) -> Outcome:
        """Ask for it."""
        name = f"I-{turn.site.run.rpartition('-')[2]}"
        return Done(f"{name} opened", {RECORD: name})
