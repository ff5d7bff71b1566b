"""How far a run's messages have come, from the log of what was posted."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.adapters.postgres.messages import MessageLog
from runbooks.steps.notify import Delivery


@dataclass(frozen=True)
class Posts:
    """Meets `runbooks.steps.announce.Posts` and `runbooks.steps.notify.Sent`."""

    sent: MessageLog

    async def posted(self, key: str) -> bool:
        """Whether the message of this key, `run/RUN/NAME`, has been posted."""
        stream = "/".join(key.split("/")[:2])
        message = (await self.sent.of(stream)).get(key)
        return message is not None and message.ts is not None

    async def deliveries(self, run: str) -> Mapping[str, Delivery]:
        """A run's messages, by key."""
        found = await self.sent.of(f"run/{run}")
        return {key: Delivery(posted=m.ts is not None, refused=m.refused) for key, m in found.items()}
