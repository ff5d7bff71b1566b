"""`confirm`: a person does it and says so; what a checklist's item is unless it says otherwise."""

from runbooks.steps.base import Step, Turn
from runbooks.vocabulary import Choice, Cut, Outcome, Waiting


class Confirm(Step):
    """Waits for a tick."""

    uses = "confirm"
    cut = Cut.IDEMPOTENT

    async def start(self, turn: Turn) -> Outcome:  # noqa: ARG002  # it concerns the person, not the world
        """Wait for somebody to say that it is done."""
        return Waiting(on="a tick", choices=(Choice("done", "Done"),))
