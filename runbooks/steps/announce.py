"""`announce`: tells the people of the environment's channel, and is done when the message stands there.

The message is rendered and sent with all others, from the run's state: this step only waits for it.
"""

from datetime import timedelta
from typing import Protocol

from runbooks.steps.base import Step, Turn
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending

_AGAIN = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=2)


class Posts(Protocol):
    """The messages that stand in Slack, by key."""

    async def posted(self, key: str) -> bool:
        """Whether the message of this key was posted."""
        ...


class Announce(Step):
    """Waits until its message was posted."""

    uses = "announce"
    cut = Cut.IDEMPOTENT

    def __init__(self, posts: Posts) -> None:
        self._posts = posts

    async def start(self, turn: Turn) -> Outcome:
        """That the step has begun lets the message be sent."""
        return Pending(turn.now + _AGAIN, "sending")

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """See whether it was posted."""
        if await self._posts.posted(f"run/{turn.site.run}/announce"):
            return Done("announced")
        if turn.now - turn.began_at >= _PATIENCE:
            return Failed("The announcement could not be posted for 2 minutes. Tell people yourself, please.")
        return Pending(turn.now + _AGAIN, "sending", token)
