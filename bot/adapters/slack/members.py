"""Who is in a group of the catalogue now: Slack's user groups, asked at most once a minute; in doubt, nobody."""

import asyncio
import time
from collections.abc import Callable, Sequence

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.client import SlackRefused, translated
from runbooks.catalogue import Catalogue
from runbooks.vocabulary import Actor, Unreachable

FRESH = 60.0  # seconds
PATIENCE = 1.0  # seconds, for all groups that are asked for together: an acknowledgement waits for them
AT_ONCE = 8  # calls; Slack slows down who sends many more


class SlackMembers:
    """Meets `runbooks.engine.people.Members`; `clock` in seconds, one that never steps."""

    def __init__(
        self, *, client: AsyncWebClient, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._clock = clock
        self._team = ""
        self._known: dict[str, tuple[float, frozenset[Actor]]] = {}
        self._calls = asyncio.Semaphore(AT_ONCE)

    async def of(self, group: str) -> frozenset[Actor]:
        """Everybody in the group, at most 60 s old. Raises Unreachable where Slack does not say within 1 s."""
        [members] = await self._all([group])
        return members

    async def groups_of(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """Which of these groups the person is in. Raises Unreachable where Slack does not say of each within 1 s."""
        asked = sorted(among)
        found = await self._all(asked)
        return frozenset(group for group, members in zip(asked, found, strict=True) if by in members)

    async def _all(self, groups: Sequence[str]) -> list[frozenset[Actor]]:
        """The members of each, asked for side by side; what came in time is kept, whatever became of the others."""
        try:
            async with asyncio.timeout(PATIENCE):
                if not self._team:
                    self._team = await self._own_team()
                return await asyncio.gather(*map(self._one, groups))
        except (TimeoutError, SlackRefused) as error:
            raise Unreachable("Slack", str(error)) from error

    async def _own_team(self) -> str:
        async with translated():
            return str((await self._client.auth_test())["team_id"])

    async def _one(self, group: str) -> frozenset[Actor]:
        known = self._known.get(group)
        if known is not None and self._clock() - known[0] < FRESH:
            return known[1]
        found = await self._ask(group)
        self._known[group] = (self._clock(), found)
        return found

    async def _ask(self, group: str) -> frozenset[Actor]:
        declared = self._catalogue.groups.get(group)
        if declared is None:
            return frozenset()
        users = declared.members
        if declared.slack:
            async with self._calls, translated():
                users = frozenset((await self._client.usergroups_users_list(usergroup=declared.slack))["users"])
        return frozenset(Actor(f"{self._team}/{user}") for user in users)
