"""Post, update and find messages. Slack has no idempotent post, so every message carries its key."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.adapters.slack.gate import SLOW_DOWN as HTTP_SLOW_DOWN
from bot.adapters.slack.gate import Gate, GatedClient
from runbooks.vocabulary import Actor, Unreachable

SLOW_DOWN = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
CLOCKS_DIFFER = timedelta(minutes=1)  # the database's and Slack's
NAMES_WITHIN = 10.0  # seconds
FILE_WITHIN = 120  # seconds: nobody waits for it at a screen
_METHOD = re.compile(r"[a-z]+(?:\.[a-zA-Z0-9]+)+")
LOOK_BACK = 200  # messages of a channel or thread among which a lost post is looked for


class SlackRefused(Exception):
    """Slack will not do it, and would not on a second try: the code says why (`channel_not_found`)."""


class Unanswered(Unreachable):
    """Slack said nothing: what it was asked for may still be done, for a while."""


class RateLimits(AsyncRetryHandler):
    """Tells of every call that Slack answered 429, by its method; it never re-sends."""

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__()
        self._told = told

    async def can_retry_async(
        self, *, request: Any, response: Any = None, **_: Any
    ) -> bool:  # what the SDK hands over
        """Whether to send it again: no."""
        if response is not None and response.status_code == HTTP_SLOW_DOWN:
            method = request.url.rpartition("/")[2]
            self._told(method if _METHOD.fullmatch(method) else "files.upload")  # its address is another each time
        return False


def web_client(
    *,
    token: str,
    api_url: str,
    rate_limited: Callable[[str], None] = lambda _method: None,
    gate: Gate | None = None,
) -> GatedClient:
    """A client that never re-sends by itself: a post that was repeated blindly would be seen twice."""
    client = GatedClient(token=token, base_url=api_url, timeout=10, retry_handlers=[RateLimits(rate_limited)])
    client.gate = gate
    return client


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Slack's errors as ours. Raises Unreachable (try again), which may be Unanswered, or SlackRefused (never)."""
    try:
        yield
    except SlackApiError as error:
        status, body = getattr(error.response, "status_code", 200), getattr(error.response, "data", error.response)
        code = str(body.get("error", "")) if isinstance(body, dict) else f"HTTP {status}"  # a 500 has no JSON
        if code in SLOW_DOWN or status >= HTTP_SLOW_DOWN:
            raise Unreachable("Slack", code) from error
        raise SlackRefused(code) from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unanswered("Slack", type(error).__name__) from error


class Poster:
    """What the deliveries need of Slack."""

    def __init__(self, client: GatedClient) -> None:
        self._client = client
        self._opened: dict[str, str] = {}  # conversations, by person

    async def pay_ahead(self, channel: str) -> None:
        """Have Slack's leave for the next post. Raises SlackBusy, before anything is written down."""
        if self._client.gate is not None:
            async with translated():
                await self._client.gate.pay_ahead("chat.postMessage", await self._place(channel))

    async def post(
        self, *, key: str, channel: str, text: str, blocks: Sequence[dict[str, Any]], thread: str | None
    ) -> str:
        """Post a message, to a person where `channel` is one; answers its `ts`, which is text."""

        def post(place: str) -> Awaitable[AsyncSlackResponse]:
            return self._client.chat_postMessage(
                channel=place,
                text=text,
                blocks=_keyed(key, blocks),
                thread_ts=thread,
                metadata={"event_type": "opsbot", "event_payload": {"key": key}},
                unfurl_links=False,
            )

        return str((await self._at(channel, post))["ts"])

    async def upload(self, *, name: str, content: bytes, alt: str) -> str:
        """Give Slack a file that no channel shows yet; answers its id, which an image block can name."""
        async with translated():
            answer = await self._client.files_upload_v2(filename=name, content=content, title=name, alt_txt=alt)
        files: list[dict[str, Any]] = answer.get("files") or [{}]
        return str(files[0].get("id", ""))

    async def update(self, *, key: str, channel: str, ts: str, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        """Make the message say this now; doing it twice changes nothing."""

        def update(place: str) -> Awaitable[AsyncSlackResponse]:
            return self._client.chat_update(channel=place, ts=ts, text=text, blocks=_keyed(key, blocks))

        await self._at(channel, update)

    async def find(self, *, key: str, channel: str, thread: str | None, since: datetime) -> str | None:
        """The `ts` of a message that was posted with this key since then, where the answer to the post was lost."""
        oldest = f"{(since - CLOCKS_DIFFER).timestamp():.6f}"

        def look(place: str) -> Awaitable[AsyncSlackResponse]:
            if thread:
                return self._client.conversations_replies(
                    channel=place, ts=thread, oldest=oldest, limit=LOOK_BACK, include_all_metadata=True
                )
            return self._client.conversations_history(
                channel=place, oldest=oldest, limit=LOOK_BACK, include_all_metadata=True
            )

        answer = await self._at(channel, look)
        found: list[dict[str, Any]] = answer.get("messages") or []
        return next((str(m["ts"]) for m in found if _carries(m, key)), None)

    async def _at(self, channel: str, call: Callable[[str], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        """Ask it of the channel; a conversation with a person that Slack no longer knows is opened anew, once."""
        try:
            async with translated():
                return await call(await self._place(channel))
        except SlackRefused as refused:
            if self._opened.pop(channel, None) is None or str(refused) != "channel_not_found":
                raise
        async with translated():
            return await call(await self._place(channel))

    async def _place(self, channel: str) -> str:
        """The channel itself, or the conversation with the person of this id."""
        if not channel.startswith(("U", "W")):
            return channel
        if channel not in self._opened:
            self._opened[channel] = await _conversation(self._client, channel)
        return self._opened[channel]


class Courier:
    """Hands files to people, privately."""

    def __init__(self, client: GatedClient) -> None:
        self._client = web_client(token=client.token or "", api_url=client.base_url, gate=client.gate)
        self._client.timeout, self._client.retry_handlers = FILE_WITHIN, client.retry_handlers

    async def hand(self, *, to: Actor, name: str, data: bytes, text: str) -> None:
        """Upload a file to the conversation with this person. Raises Unreachable (it may have come), SlackRefused."""
        async with translated():
            await self._client.files_upload_v2(
                channel=await self._direct(to), filename=name, file=data, title=name, initial_comment=text
            )

    async def has(self, *, to: Actor, text: str) -> bool:
        """Whether a file with this text above it stands in that conversation. Raises Unreachable, SlackRefused."""
        async with translated():
            answer = await self._client.conversations_history(channel=await self._direct(to), limit=LOOK_BACK)
        return any(message.get("files") and text in message.get("text", "") for message in answer["messages"])

    async def _direct(self, person: Actor) -> str:
        return await _conversation(self._client, person.rpartition("/")[2])

    async def names(self, people: Iterable[Actor]) -> dict[Actor, str]:
        """What people are called, as far as Slack tells in time: names are only shown."""
        found: dict[Actor, str] = {}
        with suppress(TimeoutError, Unreachable):
            async with asyncio.timeout(NAMES_WITHIN):
                for person in people:
                    if name := await self._name(person):
                        found[person] = name
        return found

    async def _name(self, person: Actor) -> str:
        try:
            async with translated():
                user = (await self._client.users_info(user=person.rpartition("/")[2]))["user"]
        except SlackRefused:
            return ""
        return str(user.get("real_name") or user.get("name") or "")


async def _conversation(client: GatedClient, person: str) -> str:
    """The conversation between the bot and the person of this id."""
    opened = await client.conversations_open(users=person)
    return str(opened["channel"]["id"])


def _keyed(key: str, blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks with the key as the first one's id: some Slacks keep no metadata, all keep block ids."""
    first, *rest = blocks
    return [{**first, "block_id": key[:255]}, *rest]


def _carries(message: dict[str, Any], key: str) -> bool:
    metadata = message.get("metadata") or {}
    by_metadata = (metadata.get("event_payload") or {}).get("key") == key
    return by_metadata or any(block.get("block_id") == key[:255] for block in message.get("blocks") or [])
