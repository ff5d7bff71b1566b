"""Slack's channels: made, found again, described, people invited, a message pinned."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.client import CLOCKS_DIFFER, SlackRefused, translated

MOST_INVITED = 100  # people of one call
_PAGE = 200  # channels of one call


class SlackChannels:
    """Every method raises Unreachable (try again) or SlackRefused (never)."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._me = ""

    async def create(self, name: str) -> str:
        """A public channel; its id. Refused with `name_taken` where there is one, archived or not."""
        async with translated():
            answer = await self._client.conversations_create(name=name)
        return str(answer["channel"]["id"])

    async def find(self, names: Collection[str], *, purpose: str, since: datetime) -> tuple[str, str] | None:
        """The id and name of a channel that we made since then for this purpose, where the answer was lost."""
        oldest = (since - CLOCKS_DIFFER).timestamp()
        async for channel in self._all():
            ours = channel.get("creator") == await self._own_id() and float(channel.get("created") or 0) >= oldest
            told = (channel.get("purpose") or {}).get("value") or ""
            if ours and channel["name"] in names and told in ("", purpose):
                return str(channel["id"]), str(channel["name"])
        return None

    async def describe(self, channel: str, purpose: str) -> None:
        """Say what it is for."""
        async with translated():
            await self._client.conversations_setPurpose(channel=channel, purpose=purpose)

    async def invite(self, channel: str, people: Sequence[str]) -> None:
        """Invite the first hundred; who is in it already or can't be invited keeps nobody else out."""
        try:
            async with translated():
                await self._client.conversations_invite(
                    channel=channel, users=list(people[:MOST_INVITED]), force=True
                )
        except SlackRefused as refused:
            if str(refused) != "already_in_channel":
                raise

    async def pin(self, channel: str, ts: str) -> None:
        """Pin a message; again changes nothing."""
        try:
            async with translated():
                await self._client.pins_add(channel=channel, timestamp=ts)
        except SlackRefused as refused:
            if str(refused) != "already_pinned":
                raise

    async def _own_id(self) -> str:
        if not self._me:
            async with translated():
                self._me = str((await self._client.auth_test())["user_id"])
        return self._me

    async def _all(self) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            async with translated():
                answer = await self._client.conversations_list(
                    types="public_channel", exclude_archived=True, limit=_PAGE, cursor=cursor or None
                )
            for channel in answer["channels"]:
                yield channel
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return
