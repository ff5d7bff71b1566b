"""What `opsbot doctor` asks of Slack. Every method raises Unreachable, or SlackRefused with Slack's code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.client import SlackRefused, translated

_HIDDEN = {"missing_scope", "channel_not_found"}  # of a private channel, whose history alone the bot may read

_PAGE = 1000  # people, the most that Slack lists at once


@dataclass(frozen=True)
class Identity:
    """Whose token it is; `scopes` and `at`, Slack's clock, are None where Slack does not tell."""

    user: str
    team: str
    scopes: frozenset[str] | None
    at: datetime | None


@dataclass(frozen=True)
class Channel:
    """A channel as the bot sees it; the name of a private one is not told."""

    name: str
    member: bool
    archived: bool


class SlackInspection:
    """Asks with the bot's token, or with the app's where that is what is looked at."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def identity(self) -> Identity:
        """Who the bot's token belongs to."""
        async with translated():
            answer = await self._client.auth_test()
        headers = {name.lower(): str(value) for name, value in answer.headers.items()}
        told = headers.get("x-oauth-scopes")
        scopes = None if told is None else frozenset(filter(None, (each.strip() for each in told.split(","))))
        return Identity(str(answer["user"]), str(answer["team"]), scopes, _date(headers))

    async def socket(self, app_token: str) -> None:
        """Ask for an address to connect to, which opens nothing yet."""
        async with translated():
            await self._client.apps_connections_open(app_token=app_token)

    async def channel(self, identity: str) -> Channel:
        """The channel of this id."""
        try:
            async with translated():
                found: Mapping[str, Any] = (await self._client.conversations_info(channel=identity))["channel"]
        except SlackRefused as refused:
            if str(refused) not in _HIDDEN:
                raise
            async with translated():
                await self._client.conversations_history(channel=identity, limit=1)  # who may read it is in it
            return Channel("", member=True, archived=False)
        return Channel(str(found.get("name")), bool(found.get("is_member")), bool(found.get("is_archived")))

    async def members(self, group: str) -> int:
        """How many people are in the user group of this id."""
        async with translated():
            return len((await self._client.usergroups_users_list(usergroup=group))["users"])

    async def is_active(self, person: str) -> bool:
        """Whether the person of this id still has an account."""
        async with translated():
            return not (await self._client.users_info(user=person))["user"].get("deleted")

    async def inactive(self, people: frozenset[str]) -> frozenset[str]:
        """Those of these ids that have no account any more; by the list of all, for they may be hundreds."""
        missing = set(people)
        async with translated():
            async for page in await self._client.users_list(limit=_PAGE):
                missing -= {found["id"] for found in page["members"] if not found.get("deleted")}
                if not missing:
                    break
        return frozenset(missing)


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
