"""Whether a run's message stands in Slack, from the log of what was posted."""

from dataclasses import dataclass

from bot.adapters.postgres.messages import MessageLog


@dataclass(frozen=True)
class Posts:
    """Meets `runbooks.steps.announce.Posts`."""

    sent: MessageLog

    async def posted(self, key: str) -> bool:
        """Whether the message of this key, `run/RUN/NAME`, has been posted."""
        stream = "/".join(key.split("/")[:2])
        message = (await self.sent.of(stream)).get(key)
        return message is not None and message.ts is not None
