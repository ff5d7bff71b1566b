"""`approve`: the place in the document where the run waits for approvals of its plan.

Who may approve, and how many it takes, is the run's own business: it ends this wait.
"""

from runbooks.steps.base import Step, Turn
from runbooks.vocabulary import Cut, Outcome, Waiting


class Approve(Step):
    """Waits for approvals."""

    uses = "approve"
    cut = Cut.IDEMPOTENT

    async def start(self, turn: Turn) -> Outcome:  # noqa: ARG002  # the run knows whom it waits for
        """Wait for the approvers."""
        return Waiting(on="approval")
