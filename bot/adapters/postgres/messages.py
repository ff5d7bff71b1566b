"""The messages that stand in Slack, by key: what a delivery writes down before it posts, and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.postgres.pool import Clock, Pool, database_clock
from bot.adapters.postgres.queries import query


@dataclass(frozen=True)
class Message:
    """A message as known here; `ts` is Slack's name of it, None while it is not known to be posted."""

    key: str
    channel: str
    ts: str | None
    thread_ts: str | None
    body: str  # what was last posted or, before the first post, intended; a digest will do, or a note of not knowing
    posted_at: datetime | None  # the first post
    intended_at: datetime
    refused: str = ""  # why Slack would not take it, in its own code


class MessageLog:
    """Intents and posts of messages. Raises StoreUnavailable."""

    def __init__(self, pool: Pool, *, now: Clock = database_clock) -> None:
        self._pool = pool
        self._now = now

    async def of(self, stream: str) -> Mapping[str, Message]:
        """All messages of a stream by key, oldest first."""
        async with self._pool.session() as connection:
            cursor = await connection.execute(query("messages_of"), {"stream": stream})
            return {row[0]: Message(*row) async for row in cursor}

    async def intend(self, key: str, *, stream: str, channel: str, body: str, thread_ts: str | None = None) -> None:
        """Written before a post; again changes nothing."""
        row = {"key": key, "stream": stream, "channel": channel, "body": body, "thread_ts": thread_ts}
        await self._execute("intend_message", **row, now=self._now())

    async def posted(self, key: str, *, ts: str, body: str) -> None:
        """It stands in Slack under `ts`, with this body."""
        await self._execute("message_posted", key=key, ts=ts, body=body, now=self._now())

    async def lost(self, keys: Sequence[str]) -> None:
        """They do not stand in Slack any more, or nobody finds them there."""
        await self._execute("messages_lost", keys=list(keys))

    async def refused(self, key: str, *, why: str) -> None:
        """Slack would not take it."""
        await self._execute("message_refused", key=key, why=why)

    async def _execute(self, name: str, **values: object) -> None:
        async with self._pool.session() as connection:
            await connection.execute(query(name), values)
