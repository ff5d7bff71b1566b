"""The Bolt application and its socket: what people type and click comes in here."""

import asyncio
import logging
import time
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.views import SlackViews
from commands import audit, clicks, deploy, deploy_form, home, incident, lkg, onboard, ops, rollback
from commands.edge import Edge

PING = 3.0  # seconds between looks at the socket; four without an answer, and it is opened anew
OPENED_WITHIN = 20.0  # seconds
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds between tries to reach Slack
log = logging.getLogger(__name__)


def slack_app(client: AsyncWebClient, edge: Edge) -> AsyncApp:
    """The application with every command and click."""
    # Not the client itself: Bolt reads SLACK_BOT_TOKEN too, and would warn at each start that it has both.
    app = AsyncApp(token=client.token, request_verification_enabled=False)  # Socket Mode: no payload has a signature
    app.client.base_url, app.client.timeout = client.base_url, client.timeout
    app.client.retry_handlers = client.retry_handlers
    views = SlackViews(app.client)
    deploy_form.register(app, edge, views)  # before `/deploy` with words
    home.register(app, edge, views)
    incident.register(app, edge, views)
    for part in (deploy, rollback, onboard, ops, lkg, clicks, audit):
        part.register(app, edge)

    @app.error
    async def unexpected(error: Exception, body: dict[str, Any]) -> None:
        log.error("request of %s failed", body.get("type") or body.get("command"), exc_info=error)

    return app


class Connection:
    """The socket to Slack, which the client opens anew by itself where it broke."""

    def __init__(self) -> None:
        self.client: SocketModeClient | None = None
        self._session: object = None
        self._since = 0.0

    async def up(self) -> bool:
        """Whether it stands now."""
        return self.client is not None and await self.client.is_connected()

    def age(self) -> float:
        """For how long it was seen to stand, in seconds; 0 where there is none."""
        session = self.client.current_session if self.client else None
        if session is not self._session:
            self._session, self._since = session, time.monotonic()
        return time.monotonic() - self._since if session else 0.0


async def listen(app: AsyncApp, app_token: str, connection: Connection) -> None:
    """Hold the socket until cancelled; while Slack does not answer, say so and try again."""
    wait = FIRST_WAIT
    while True:
        handler = AsyncSocketModeHandler(app, app_token, ping_interval=PING)
        try:
            async with asyncio.timeout(OPENED_WITHIN):
                # Asked for here, since the client would try one address for ever, and tell so in tracebacks.
                handler.client.wss_uri = await handler.client.issue_new_wss_url()
                await handler.connect_async()  # type: ignore[no-untyped-call] # slack_bolt types no handler
            connection.client = handler.client
            log.info("connected to Slack")
            await asyncio.Event().wait()
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as cause:
            log.warning("Slack does not answer (%s); trying again in %g s", _why(cause), wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        finally:
            connection.client = None
            await handler.close_async()  # type: ignore[no-untyped-call] # slack_bolt types no handler


def _why(cause: Exception) -> str:
    """Slack's own code where it gave one, such as `invalid_auth`."""
    return str(cause.response["error"]) if isinstance(cause, SlackApiError) else type(cause).__name__
