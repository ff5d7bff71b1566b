"""What people do, as Slack sends it: by a socket or by signed HTTP, once, twice, late, in another order, or never."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from sandbox.slack import LocalSlack, Message
from tests.chaos.bots import Bots

ACK_WITHIN = 4.0  # seconds; Slack waits for three
Json = dict[str, Any]


@dataclass
class Gesture:
    """One command or click: `id` is Slack's own of it, `facts` what the person meant."""

    id: str
    kind: str  # deploy, approve, abort, rollback, confirm, unlock
    by: str  # Slack's id
    channel: str
    facts: Mapping[str, Any]
    at: float = field(default_factory=time.time)  # seconds since 1970
    sent: int = 0  # deliveries that were tried
    acknowledged: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # what the person was told
    offered: list[Json] = field(default_factory=list)  # blocks that came by its response URL
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def hears(self, answer: Mapping[str, Any] | None) -> None:
        """What came with an acknowledgement, or by the response URL."""
        if answer and (text := str(answer.get("text", ""))):
            self.said.append(text)
        if answer and answer.get("blocks"):
            self.offered.append(dict(answer))
        self.heard.set()


class Hands:
    """Sends gestures on their way; `whims` says what becomes of each. An async context manager."""

    def __init__(self, slack: LocalSlack, bots: Bots, whims: random.Random) -> None:
        self.made: dict[str, Gesture] = {}
        self.fates: dict[str, int] = {}
        self.calm = False  # whether every gesture arrives at once, and once
        self._slack, self._bots, self._whims = slack, bots, whims
        self._team = slack.workspace.team_id
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Hands":
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ACK_WITHIN))
        application = web.Application()
        application.router.add_post("/said/{id}", self._hear)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._ear = f"http://127.0.0.1:{self._runner.addresses[0][1]}/said"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._runner.cleanup()
        await self._session.close()

    async def types(self, kind: str, by: str, channel: str, line: str, **facts: Any) -> Gesture:
        """A slash command; returns when there is an answer, or none in time."""
        gesture = self._new(kind, by, channel, facts)
        command, _, text = line.partition(" ")
        payload = {"command": command, "text": text, "user_id": by, "team_id": self._team, "channel_id": channel}
        await self._send(gesture, "slash_commands", {**payload, **self._ways(gesture)})
        return gesture

    async def clicks(self, kind: str, by: str, message: Message, action: str, **facts: Any) -> Gesture:
        """A click on the button with this label or action id."""
        block, element = message.element(action)
        value = json.loads(element["value"])
        gesture = self._new(kind, by, message.channel, {**value, **facts})
        pressed = {name: element[name] for name in ("type", "action_id", "value", "text")}
        payload = {
            "type": "block_actions",
            "user": {"id": by, "team_id": self._team},
            "team": {"id": self._team},
            "channel": {"id": message.channel},
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "actions": [{**pressed, "block_id": block.get("block_id", "none")}],
            **self._ways(gesture),
        }
        await self._send(gesture, "interactive", payload)
        return gesture

    def _new(self, kind: str, by: str, channel: str, facts: Mapping[str, Any]) -> Gesture:
        gesture = Gesture(f"{time.time_ns()}.{len(self.made)}", kind, by, channel, facts)
        self.made[gesture.id] = gesture
        return gesture

    def _ways(self, gesture: Gesture) -> Json:
        return {"trigger_id": gesture.id, "response_url": f"{self._ear}/{gesture.id}"}

    async def _send(self, gesture: Gesture, kind: str, payload: Json) -> None:
        for late in self._fate():
            self._start(self._deliver(gesture, kind, payload, late))
        try:
            async with asyncio.timeout(ACK_WITHIN):
                while not gesture.acknowledged and not gesture.said:
                    await gesture.heard.wait()
                    gesture.heard.clear()
        except TimeoutError:
            return

    def _fate(self) -> list[float]:
        """When it arrives: seconds from now, for each delivery."""
        dice = 1.0 if self.calm else self._whims.random()
        fates = (
            (0.03, "lost", []),
            (0.08, "late", [self._whims.uniform(0.5, 6)]),
            (0.16, "twice", [0.0, self._whims.choice([0.0, self._whims.uniform(0, 5)])]),
            (0.19, "thrice", [self._whims.uniform(0, 4) for _ in range(3)]),
        )
        for below, name, deliveries in fates:
            if dice < below:
                self.fates[name] = self.fates.get(name, 0) + 1
                return deliveries
        return [0.0]

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, gesture: Gesture, kind: str, payload: Json, late: float) -> None:
        if late:
            await asyncio.sleep(late)
        gesture.sent += 1
        ports = [bot.port for bot in self._bots.every if bot.port]
        if ports and self._whims.random() < len(ports) / len(self._bots.every):
            await self._by_http(gesture, kind, payload, self._whims.choice(ports))
        else:
            await self._by_socket(gesture, kind, payload)

    async def _by_socket(self, gesture: Gesture, kind: str, payload: Json) -> None:
        try:
            envelope = await self._slack.proxy.sockets.give(kind, json.loads(json.dumps(payload)))
            await self._slack.journal.until(lambda: envelope.ack_seconds is not None, seconds=ACK_WITHIN)
        except (TimeoutError, ConnectionError):  # a socket that was cut just then
            return
        gesture.acknowledged.append(time.time())
        gesture.hears(envelope.ack)

    async def _by_http(self, gesture: Gesture, kind: str, payload: Json, port: int) -> None:
        body = urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)}).encode()
        at = str(int(time.time()))
        signed = hmac.new(
            self._slack.signing_secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256
        ).hexdigest()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": at,
            "x-slack-signature": f"v0={signed}",
        }
        try:
            async with self._session.post(
                f"http://127.0.0.1:{port}/slack/events", data=body, headers=headers
            ) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return
        if answer.status != 200:
            return
        gesture.acknowledged.append(time.time())
        gesture.hears(json.loads(text) if text.startswith("{") else {"text": text})

    async def _hear(self, request: web.Request) -> web.Response:
        gesture = self.made.get(request.match_info["id"])
        if gesture is not None:
            gesture.hears(await request.json())
        return web.Response(text="ok")
