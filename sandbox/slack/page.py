"""The socket between the local Slack's page and its server, so that the page shows one person's Slack.

A page that carries the cookie `person` sees only that person's private messages and views (without it, everybody's).
Buttons with a confirmation dialog ask first; a form is sent with its initial values.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from sandbox.slack.drawing import drawn
from sandbox.slack.forms import Forms, Frame, filled
from sandbox.slack.journal import Journal
from sandbox.slack.rules import Offers
from sandbox.slack.workspace import Workspace


class Page:
    """One open page: what it is shown, and what it sends."""

    def __init__(self, person: str, *, offers: Offers, forms: Forms, workspace: Workspace, journal: Journal) -> None:
        self._person = person
        self._offers = offers
        self._forms = forms
        self._journal = journal
        self._groups = {group.id: group.handle for group in workspace.groups}
        self._blocks: dict[tuple[str, str], list[Frame]] = {}
        self._view: Frame = {}
        self._asked: Frame | None = None  # a click that waits for its confirmation

    async def serve(self, request: web.Request, slack: aiohttp.ClientWebSocketResponse) -> web.WebSocketResponse:
        """Carry frames both ways until one side closes."""
        page = web.WebSocketResponse(max_msg_size=0, timeout=1.0)
        await page.prepare(request)
        down = asyncio.create_task(self._carry_down(page, slack))
        try:
            async for frame in page:
                if frame.type is WSMsgType.TEXT:
                    await self._gesture(json.loads(frame.data), page, slack)
        finally:
            down.cancel()
            await slack.close()
        return page

    async def _carry_down(self, page: web.WebSocketResponse, slack: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(ConnectionError):  # the page has gone
            async for frame in slack:
                if frame.type is WSMsgType.TEXT and (shown := self._shown(json.loads(frame.data))):
                    await page.send_str(drawn(json.dumps(shown), self._groups, datetime.now().astimezone()))
            await page.close()

    def _shown(self, frame: Frame) -> Frame | None:
        """The frame as this person may see it; nothing if it is not for them."""
        match frame["t"]:
            case "init":
                state = frame["state"]
                state["messages"] = {
                    channel: [each for each in messages if self._noted(each)]
                    for channel, messages in state["messages"].items()
                }
                state["channels"] = [channel for channel in state["channels"] if self._may_see(channel)]
                state["modalStack"] = self._stack(state["modalStack"])
                homes = state["homeViews"]
                state["homeViews"] = {user: view for user, view in homes.items() if self._is_me(user)}
            case "message" | "message_update":
                return frame if self._noted(frame["message"]) else None
            case "home":
                return frame if self._is_me(frame["user"]) else None
            case "channel":
                return frame if self._may_see(frame["channel"]) else None
            case "view":
                frame["stack"] = self._stack(frame["stack"])
        return frame

    def _is_me(self, user: str) -> bool:
        return self._person in {"", user}

    def _may_see(self, channel: Frame) -> bool:
        return not (channel["is_im"] and self._person) or self._person in channel["members"]

    def _noted(self, message: Frame) -> bool:
        """Remember a message's blocks; whether the person sees it at all."""
        self._blocks[message["channel"], message["ts"]] = message.get("blocks") or []
        return self._is_me(message.get("ephemeral_to", self._person))

    def _stack(self, stack: list[Frame]) -> list[Frame]:
        mine = stack if self._person in {"", self._offers.modal_owner} else []
        self._asked = None
        self._view = mine[-1] if mine else {}
        return mine

    async def _gesture(
        self, frame: Frame, page: web.WebSocketResponse, slack: aiohttp.ClientWebSocketResponse
    ) -> None:
        """One thing that the person did: passed on, unless it asks for a confirmation or answers one."""
        asked, self._asked = self._asked, None
        self._journal.gestures.append(frame)
        self._journal.changed()
        if asked and frame["t"] in {"view_submit", "view_close"}:
            await page.send_json({"t": "view", "stack": [self._view] if self._view else []})
            if frame["t"] == "view_submit":
                await slack.send_json(asked)
        elif dialog := self._dialog(frame):
            self._asked = frame
            await page.send_json({"t": "view", "stack": [dialog]})
        else:
            await slack.send_json(self._as_sent(frame))

    def _dialog(self, frame: Frame) -> Frame | None:
        """The confirmation dialog of the clicked element as a view that the page can draw."""
        if frame["t"] != "block_action":
            return None
        action = frame["action"]
        for block in self._blocks.get((frame["channel"], frame["messageTs"]), []):
            for element in (*block.get("elements", []), block.get("accessory") or {}):
                clicked = block.get("block_id") in {None, action["block_id"]}
                if clicked and element.get("action_id") == action["action_id"] and element.get("confirm"):
                    return _as_view(element["confirm"])
        return None

    def _as_sent(self, frame: Frame) -> Frame:
        """The gesture as the local Slack is to hear of it: of a form, with what all its fields say."""
        if frame["t"] == "view_submit":
            return {**frame, "values": filled(self._view, frame.get("values") or {})}
        in_form = frame["t"] == "block_action" and "values" in frame
        return self._forms.choose(frame, self._view) if in_form else frame


def _as_view(confirm: Mapping[str, Any]) -> Frame:
    return {
        "id": "confirm",
        "type": "modal",
        "title": confirm["title"],
        "blocks": [{"type": "section", "text": confirm["text"]}],
        "submit": confirm["confirm"],
        "close": confirm["deny"],
    }
