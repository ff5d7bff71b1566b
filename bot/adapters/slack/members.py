"""Who is in a group of the catalogue now: Slack's user groups, asked at most once a minute; in doubt, nobody."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.client import SlackRefused, translated
from runbooks.catalogue import Catalogue
from runbooks.vocabulary import Actor, Unreachable

FRESH = timedelta(seconds=60)
PATIENCE = 1.0  # seconds; an acknowledgement waits for it


class SlackMembers:
    """Meets `runbooks.engine.people.Members`."""

    def __init__(self, *, client: AsyncWebClient, catalogue: Catalogue, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._catalogue = catalogue
        self._clock = clock
        self._team = ""
        self._known: dict[str, tuple[datetime, frozenset[Actor]]] = {}

    async def of(self, group: str) -> frozenset[Actor]:
        """Everybody in the group, at most 60 s old. Raises Unreachable where Slack does not say within 1 s."""
        known = self._known.get(group)
        if known is not None and self._clock() - known[0] < FRESH:
            return known[1]
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._ask(group)
        except (TimeoutError, SlackRefused) as error:
            raise Unreachable("Slack", f"group {group}: {error}") from error
        self._known[group] = (self._clock(), found)
        return found

    async def _ask(self, group: str) -> frozenset[Actor]:
        declared = self._catalogue.groups.get(group)
        if declared is None:
            return frozenset()
        async with translated():
            if not self._team:
                self._team = str((await self._client.auth_test())["team_id"])
            users = declared.members
            if declared.slack:
                users = frozenset((await self._client.usergroups_users_list(usergroup=declared.slack))["users"])
        return frozenset(Actor(f"{self._team}/{user}") for user in users)
