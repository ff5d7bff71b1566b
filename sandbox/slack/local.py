"""The local Slack as the demo, the tests and the benchmarks use it: server, proxy and people in one."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp

from sandbox.slack.person import Person
from sandbox.slack.proxy import Proxy
from sandbox.slack.server import SlackServer


class LocalSlack:
    """A Slack workspace on this machine, reached through its proxy; an async context manager.

    The server may have been started by somebody else, who then stops it too (tests share one); else it is started
    and stopped here, in the calling thread.
    """

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.workspace = server.workspace
        self.proxy = Proxy(server)
        self.journal = self.proxy.journal
        self._session: aiohttp.ClientSession | None = None
        self._mine = not server.url

    async def __aenter__(self) -> Self:
        if self._mine:
            self.server.start()
        await self.proxy.start()
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        await self.proxy.stop()
        if self._mine:
            self.server.stop()

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as `base_url`."""
        return f"{self.proxy.url}/api/"

    @property
    def page_url(self) -> str:
        """The page for people."""
        return f"{self.proxy.url}/"

    @property
    def bot_token(self) -> str:
        """The bot's token (xoxb)."""
        return self.workspace.bot_token

    @property
    def app_token(self) -> str:
        """The app's token for Socket Mode (xapp)."""
        return self.workspace.app_token

    @property
    def signing_secret(self) -> str:
        """What HTTP deliveries would be signed with."""
        return self.workspace.signing_secret

    @property
    def users(self) -> Mapping[str, str]:
        """Ids of the people by name."""
        return self.workspace.users

    @property
    def channels(self) -> Mapping[str, str]:
        """Ids of the channels of the start by name."""
        return self.workspace.channel_ids

    @property
    def groups(self) -> Mapping[str, str]:
        """Ids of the user groups by handle."""
        return self.workspace.group_ids

    def person(self, name: str) -> Person:
        """Somebody, by name."""
        if self._session is None:
            raise RuntimeError("the local Slack is not running")
        return Person(identity=self.users[name], url=self.proxy.url, channels=self.channels, session=self._session)

    def set_group(self, handle: str, members: Iterable[str]) -> None:
        """From now on the user group has these people (by name)."""
        self.proxy.memory.set_group(handle, members)

    def reset(self) -> None:
        """Everything as at the start; the bot's sockets stay."""
        self.server.reset()
        self.proxy.clear()

    async def bot_connected(self, *, seconds: float = 10.0) -> None:
        """Wait until the bot holds a socket connection."""
        await self.journal.until(lambda: self.proxy.sockets.count, seconds=seconds)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Slack can't be reached for a while; then it is there again at the same address, with its messages."""
        await self.proxy.stop()
        try:
            yield
        finally:
            await self.proxy.start()
