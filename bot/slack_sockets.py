"""Socket Mode: one connection to Slack, and for a moment two while a new one takes the place of the one before.

A socket is never mended. Slack announces its end, it breaks, or it falls silent without closing, as they do for
hours: each time a new client with an HTTP session of its own is made.
"""

import asyncio
import logging
import time

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.in_hand import InHand

PING = 3.0  # seconds between pings; half of that without an answer, and the socket is spent
OPENED_WITHIN = 20.0  # seconds
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds between tries to reach Slack
log = logging.getLogger(__name__)


class Socket(SocketModeClient):
    """One socket; `spent` once another one is to take its place."""

    def __init__(self, app: AsyncApp, app_token: str, in_hand: InHand) -> None:
        super().__init__(app_token, logger=app.logger, web_client=app.client, ping_interval=PING)
        self.spent = asyncio.Event()
        self._app = app
        self._in_hand = in_hand
        self.socket_mode_request_listeners.append(self._answer)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 # the client's
        """What the client does where its socket is broken, silent, or announced to end."""
        self.spent.set()

    async def open(self) -> None:
        """Connect. Raises SlackClientError, aiohttp.ClientError, TimeoutError, OSError."""
        async with asyncio.timeout(OPENED_WITHIN):
            # Asked for here, since the client would try one address for ever, and tell so in tracebacks.
            self.wss_uri = await self.issue_new_wss_url()
            await self.connect()  # type: ignore[no-untyped-call] # slack_sdk leaves some untyped

    async def leave(self) -> None:
        """Close it, once what came by it is answered."""
        try:
            if await self.is_connected():
                await self._in_hand.none()
        finally:
            await self.close()  # type: ignore[no-untyped-call] # as above

    async def _answer(self, _client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        with self._in_hand.one():
            response = await run_async_bolt_app(self._app, request)
            await send_async_response(self, request, response, time.time())


class Connection:
    """The socket that counts, as health sees it."""

    def __init__(self) -> None:
        self.in_hand = InHand()
        self._socket: Socket | None = None
        self._since = 0.0

    async def up(self) -> bool:
        """Whether it stands now."""
        return self._socket is not None and await self._socket.is_connected()

    def age(self) -> float:
        """For how long it has stood, in seconds; 0 where there is none."""
        return time.monotonic() - self._since if self._socket else 0.0

    def take(self, socket: Socket | None) -> Socket | None:
        """Count this one from now on; answers the one before."""
        before, self._socket, self._since = self._socket, socket, time.monotonic()
        return before


async def listen(app: AsyncApp, app_token: str, connection: Connection) -> None:
    """Hold a socket until cancelled; while Slack does not answer, say so and try again."""
    connection.in_hand.watch(app)
    wait = FIRST_WAIT
    try:
        while True:
            began = time.monotonic()
            try:
                socket = await _opened(Socket(app, app_token, connection.in_hand))
            except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as cause:
                log.warning("Slack does not answer (%s); trying again in %g s", _why(cause), wait)
            else:
                await _hold(socket, connection)
            if time.monotonic() - began > LONGEST_WAIT:
                wait = FIRST_WAIT
                continue
            await asyncio.sleep(wait)  # Slack is not to be asked without end for what does not last
            wait = min(wait * 2, LONGEST_WAIT)
    finally:
        if (last := connection.take(None)) is not None:
            await last.leave()


async def _opened(socket: Socket) -> Socket:
    try:
        await socket.open()
    except BaseException:
        await socket.close()  # type: ignore[no-untyped-call] # as above
        raise
    return socket


async def _hold(socket: Socket, connection: Connection) -> None:
    """Until it is spent; the one before is closed when this one stands."""
    log.info("connected to Slack")
    if (before := connection.take(socket)) is not None:
        await before.leave()
    await socket.spent.wait()
    if not await socket.is_connected():
        await socket.close()  # type: ignore[no-untyped-call] # else it goes on trying, beside the one that comes


def _why(cause: Exception) -> str:
    """Slack's own code where it gave one, such as `invalid_auth`."""
    return str(cause.response["error"]) if isinstance(cause, SlackApiError) else type(cause).__name__
