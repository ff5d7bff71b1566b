"""Socket Mode between the bot and the local Slack, where connections can be cut, deafened and replaced.

The local Slack sends every envelope down every connection; like Slack, this gives it to one, each in turn.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import WSMsgType, web

from sandbox.slack.faults import Fault, Faults, Kind
from sandbox.slack.forms import Forms
from sandbox.slack.journal import Envelope, Journal
from sandbox.slack.rules import Offers, as_slack_sends, for_the_person_alone
from sandbox.slack.trouble import cut

_CLOSE_SECONDS = 1.0


class _Connection:
    """One of the bot's sockets and its counterpart at the local Slack."""

    def __init__(
        self, request: web.Request, bot: web.WebSocketResponse, slack: aiohttp.ClientWebSocketResponse
    ) -> None:
        self.request = request
        self.bot = bot
        self.slack = slack
        self.deaf = False
        self.answers_pings = True


class Sockets:
    """All of the bot's socket connections, newest last."""

    def __init__(
        self, *, journal: Journal, faults: Faults, offers: Offers, forms: Forms, rewritten: Callable[[str], str]
    ) -> None:
        self._journal = journal
        self._faults = faults
        self._offers = offers
        self._forms = forms
        self._rewritten = rewritten
        self._connections: list[_Connection] = []
        self._given: dict[str, Envelope] = {}
        self._turn = 0

    @property
    def count(self) -> int:
        """How many connections the bot holds."""
        return len(self._connections)

    async def serve(self, request: web.Request, slack: aiohttp.ClientWebSocketResponse) -> web.WebSocketResponse:
        """Carry frames both ways until one side closes."""
        bot = web.WebSocketResponse(autoping=False, timeout=_CLOSE_SECONDS)
        await bot.prepare(request)
        connection = _Connection(request, bot, slack)
        self._connections.append(connection)
        self._journal.changed()
        down = asyncio.create_task(self._carry_down(connection))
        try:
            await self._carry_up(connection)
        finally:
            if connection in self._connections:
                self._connections.remove(connection)
            down.cancel()
            await slack.close()
            self._journal.changed()
        return bot

    async def close(self, *, abruptly: bool = False) -> None:
        """End all connections: with a closing frame, or `abruptly` as when a cable is cut."""
        for connection in list(self._connections):
            if abruptly:
                cut(connection.request)
            else:
                await connection.bot.close()

    def cut_oldest(self) -> None:
        """End the connection that has stood longest, as when its cable is cut; its process may not notice."""
        oldest = self._connections.pop(0)
        cut(oldest.request)

    def deafen(self, *, answers_pings: bool = True) -> None:
        """The connections of now stay open and carry nothing any more, as happens to real ones."""
        for connection in self._connections:
            connection.deaf = True
            connection.answers_pings = answers_pings

    async def give(self, kind: str, payload: Mapping[str, Any]) -> Envelope:
        """Hand the bot an envelope of one's own, as if Slack had sent it; faults may still meet it."""
        return await self._give({"envelope_id": str(uuid4()), "type": kind, "payload": dict(payload)})

    async def announce_refresh(self, reason: str = "warning") -> None:
        """Tell the bot to reconnect, as Slack does about ten seconds before it closes a connection."""
        for connection in self._connections:
            await connection.bot.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            )

    async def _carry_down(self, connection: _Connection) -> None:
        with suppress(ConnectionError):  # the bot has gone; its own side of the connection notices
            async for frame in connection.slack:
                if frame.type is WSMsgType.TEXT:
                    await self._hand_down(connection, self._rewritten(frame.data))
            await connection.bot.close()

    async def _hand_down(self, connection: _Connection, text: str) -> None:
        frame = json.loads(text)
        identity = frame.get("envelope_id")
        if identity is None:
            await connection.bot.send_str(text)
        elif identity not in self._given:
            await self._give(frame)

    async def _give(self, frame: dict[str, Any]) -> Envelope:
        """Give a new envelope to the connection whose turn it is."""
        frame["payload"] = self._forms.as_slack_sends(as_slack_sends(frame["payload"]))
        envelope = self._noted(frame)
        self._offers.note(envelope.payload)
        fault = self._faults.take(envelope.type, envelope.payload)
        connection = self._next()
        if connection is None or connection.deaf or (fault and fault.kind is Kind.DROP_REQUEST):
            envelope.lost = True
        else:
            await self._send(connection, frame, fault)
        self._journal.changed()
        return envelope

    def _next(self) -> _Connection | None:
        self._turn += 1
        return self._connections[self._turn % len(self._connections)] if self._connections else None

    async def _send(self, connection: _Connection, frame: dict[str, Any], fault: Fault | None) -> None:
        if fault and fault.kind is Kind.DELAY:
            await asyncio.sleep(fault.seconds)
        await connection.bot.send_json(frame)
        if fault and fault.kind is Kind.DUPLICATE:
            again = {**frame, "envelope_id": str(uuid4())}
            self._noted(again)
            await connection.bot.send_json(again)

    def _noted(self, frame: Mapping[str, Any]) -> Envelope:
        envelope = Envelope(frame["envelope_id"], frame["type"], frame["payload"])
        self._given[envelope.id] = envelope
        self._journal.envelopes.append(envelope)
        return envelope

    async def _carry_up(self, connection: _Connection) -> None:
        async for frame in connection.bot:
            if frame.type is WSMsgType.PING and connection.answers_pings:
                await connection.bot.pong(frame.data)
            elif frame.type is WSMsgType.TEXT and not connection.deaf:
                await connection.slack.send_str(self._acknowledged(frame.data))

    def _acknowledged(self, text: str) -> str:
        """Note an acknowledgement; what it says is for the person alone unless it says otherwise."""
        frame = json.loads(text)
        envelope = self._given.get(frame.get("envelope_id"))
        if envelope is None:
            return text
        if envelope.ack_seconds is None:
            envelope.ack_seconds = time.monotonic() - envelope.sent
        envelope.ack = frame.get("payload") or {}
        if envelope.type == "slash_commands" and isinstance(frame.get("payload"), dict):
            frame["payload"] = for_the_person_alone(frame["payload"])
        self._journal.changed()
        return json.dumps(frame)
