"""Signed HTTP, where no socket to Slack is wanted: requests come in by a port, each proven by its signature."""

import asyncio
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.in_hand import PATIENCE, InHand
from bot.telemetry import logs

PATH = "/slack/events"  # docs/operating.md puts it into the manifest
WINDOW = 300  # seconds that a signature is good for, as Slack advises; a replay within it meets the inbox
LONGEST = 1 << 20  # bytes of a request
_FAULT = 500  # and above: ours, in HTTP's words
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID = re.compile(r"[!-~]{1,255}")  # of a person, a team or a gesture: what all of them are made of
log = logging.getLogger(__name__)


class Door:
    """The port, as health sees it; the handlers are those of Socket Mode."""

    def __init__(
        self, app: AsyncApp, signing_secret: str, *, now: Callable[[], float] = time.time, within: float = PATIENCE
    ) -> None:
        self.in_hand = InHand()
        self.in_hand.watch(app)
        self._app = app
        self._secret = signing_secret.encode()
        self._now = now
        self._within = within  # seconds; Slack waits no longer for an answer
        self._since: float | None = None

    async def up(self) -> bool:
        """Whether it is open."""
        return self._since is not None

    def age(self) -> float:
        """For how long it has been open, in seconds; 0 while it is not."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    async def listen(self, port: int) -> None:
        """Take requests until cancelled; then answer those that came. Raises OSError where the port is taken."""
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=PATIENCE, logger=logs.of_ports())
        await runner.setup()
        try:
            await web.TCPSite(runner, port=port).start()
            self._since = time.monotonic()
            log.info("taking Slack's requests on port %d", port)
            await asyncio.Event().wait()
        finally:
            self._since = None
            await runner.cleanup()
            await self.in_hand.none()

    def application(self) -> web.Application:
        """What answers; nothing else than requests of Slack's."""
        application = web.Application(client_max_size=LONGEST)
        application.add_routes([web.post(PATH, self._take)])
        return application

    async def _take(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(self._within):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="not sent in time", headers={"Connection": "close"})
        if not signed(self._secret, body, headers=request.headers, now=self._now()):
            return web.Response(status=401, text="not signed by Slack, or too long ago")
        with self.in_hand.one():
            return await self._answered(body, request.headers)

    async def _answered(self, body: bytes, headers: Mapping[str, str]) -> web.Response:
        try:
            asked = AsyncBoltRequest(body=body.decode(), headers=dict(headers))
            if not well_formed(asked.body):
                return web.Response(status=400, text="not understood")
            response = await self._app.async_dispatch(asked)
        except Exception as cause:  # Bolt's own, of what it does not expect; faults of ours are a response by here
            log.warning("a request of Slack's was not understood: %s %s", type(cause).__name__, cause)
            return web.Response(status=400, text="not understood")
        if response.status >= _FAULT:  # the log has why; Slack tells the person that it did not work
            return web.Response(status=400, text="not done")
        return await to_aiohttp_response(response)


def signed(secret: bytes, body: bytes, *, headers: Mapping[str, str], now: float) -> bool:
    """Whether this very body was signed with the secret, within the window; compared in constant time.

    Without a secret nothing is.
    """
    at, told = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not secret or not _TIMESTAMP.fullmatch(at) or abs(now - int(at)) > WINDOW:
        return False
    made = hmac.new(secret, b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={made}".encode(), told.encode(errors="surrogateescape"))


def well_formed(body: object) -> bool:
    """Whether it has the ids that every handler goes by, each such that it can be stored."""
    match body:
        case {"type": "url_verification", "challenge": str()}:
            return True
        case {"command": str(), "team_id": team, "user_id": user, "trigger_id": trigger, "response_url": str(url)}:
            return _are_ids(team, user, trigger) and url.startswith("http")
        case {"type": "event_callback", "team_id": team, "event": {"type": str(), "user": user}}:
            return _are_ids(team, user)
        case {"trigger_id": trigger, "user": {"id": user, **person}, "team": {"id": team}}:
            return _are_ids(trigger, user, team, person.get("team_id") or team) and _is_gesture(body)
    return False


def _are_ids(*values: object) -> bool:
    return all(isinstance(value, str) and _ID.fullmatch(value) for value in values)


def _is_gesture(body: object) -> bool:
    match body:
        case {"type": "block_actions", "actions": [{"action_id": str(), "type": str()}, *_], **rest}:
            return isinstance(rest.get("view"), dict) or str(rest.get("response_url")).startswith("http")
        case {"type": "view_submission", "view": {"type": str(), "callback_id": str(), "state": {"values": dict()}}}:
            return True
    return False
