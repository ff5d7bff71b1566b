"""A person's hands and eyes without a browser, for tests that are about something else than the page."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.slack.page_code import PERSON_COOKIE

_LOOK_SECONDS = 0.02
_SENT = {"users_select": "selected_user", "datepicker": "selected_date"}  # under which name a field's value is sent


class NotThere(Exception):
    """There is no such button, message or channel to be seen; the message says what there is."""


@dataclass(frozen=True)
class Message:
    """One message as a person sees it."""

    channel: str
    ts: str
    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()
    user: str = ""
    thread_ts: str = ""
    ephemeral_to: str = ""
    files: tuple[Mapping[str, Any], ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def shown(self) -> str:
        """All that can be read on it, a line for each part: the blocks if there are any, else the text."""
        return "\n".join(_texts(self.blocks)) if self.blocks else self.text

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return [_label(element) for _, element in self.elements() if element.get("type") == "button"]

    def elements(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Everything that can be clicked, each with its block."""
        return [
            (block, element)
            for block in self.blocks
            for element in (*block.get("elements", ()), block.get("accessory") or {})
            if "action_id" in element
        ]

    def element(self, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The element with this label or action id."""
        for block, element in self.elements():
            if name in {_label(element), element["action_id"]}:
                return block, element
        raise NotThere(f"no {name!r} on the message, only {self.buttons}: {self.shown}")


class Person:
    """Somebody of the workspace; made by `LocalSlack.person`."""

    def __init__(
        self, *, identity: str, url: str, channels: Mapping[str, str], session: aiohttp.ClientSession
    ) -> None:
        self.id = identity
        self._url = url
        self._channels = channels
        self._session = session

    async def command(self, channel: str, line: str) -> None:
        """Type a slash command such as "/deploy help"; returns when the bot has acknowledged it, or after 5 s."""
        command, _, text = line.partition(" ")
        place = {"channel": self._place(channel), "user": self.id}
        await self._control("command", {**place, "command": command, "text": text})

    async def say(self, channel: str, text: str, *, thread_ts: str = "") -> str:
        """Post a message; its time stamp. Returns when the bot has acknowledged the event, or after 5 s."""
        body = {"channel": self._place(channel), "user": self.id, "text": text, "thread_ts": thread_ts or None}
        answer = await self._control("message", body)
        return str(answer["message"]["ts"])

    async def click(self, message: Message, name: str) -> None:
        """Click the button with this label or action id (a confirmation dialog is taken as confirmed)."""
        block, element = message.element(name)
        await self._act(message, block, element, {"value": element.get("value"), "text": element.get("text")})

    async def choose(self, message: Message, name: str, option: str) -> None:
        """Choose an option, by its text or value, of a menu with this action id."""
        block, element = message.element(name)
        for each in element.get("options", ()):
            if option in {each["value"], each["text"]["text"]}:
                await self._act(message, block, element, {"selected_option": each})
                return
        raise NotThere(f"no option {option!r} in {name!r}")

    async def submit(self, values: Mapping[str, str]) -> None:
        """Fill in the open view (texts and chosen option values by block id) and submit it."""
        async with self._page() as page:
            filled = _filled(await _open_view(page), values)
            await page.send_json({"t": "view_submit", "user": self.id, "values": filled})

    async def pick(self, block: str, value: str) -> None:
        """Choose an option of a menu of the open view, by block id and value, and send nothing yet."""
        async with self._page() as page:
            ((action, said),) = _filled(await _open_view(page), {block: value})[block].items()
            place = {"channel": "", "messageTs": "", "user": self.id}
            chosen = {"block_id": block, "action_id": action, **said}
            await page.send_json({"t": "block_action", **place, "action": chosen, "values": {}})

    async def open_home(self) -> None:
        """Open the app's Home tab; returns when the bot has acknowledged it, or after 5 s."""
        await self._control("open-home", {"user": self.id})

    async def dismiss(self) -> None:
        """Close the open view without submitting it."""
        async with self._page() as page:
            await page.receive_json()
            await page.send_json({"t": "view_close", "user": self.id})

    async def view(self) -> Mapping[str, Any] | None:
        """The view that is open for this person, if one is."""
        async with self._page() as page:
            stack: list[Mapping[str, Any]] = (await page.receive_json())["state"]["modalStack"]
            return stack[-1] if stack else None

    async def messages(self, channel: str) -> list[Message]:
        """What this person sees in a channel (by name or id), oldest first: threads and their private ones too."""
        answer = await self._control(f"messages/{self._place(channel)}")
        seen = map(_message, answer["messages"])
        return [message for message in seen if message.ephemeral_to in {"", self.id}]

    async def sees(self, channel: str, wanted: str | Callable[[Message], bool], *, seconds: float = 10.0) -> Message:
        """Wait for a message that holds this text, or fits; the newest. NotThere after `seconds`."""
        fits = (lambda message: wanted in message.shown) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + seconds
        while True:
            messages = await self.messages(channel)
            if found := [message for message in messages if fits(message)]:
                return found[-1]
            if time.monotonic() > deadline:
                what = wanted if isinstance(wanted, str) else "what was waited for"
                raise NotThere(f"{what!r} is not in #{channel}: {[message.shown for message in messages]}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def content(self, file: Mapping[str, Any]) -> str:
        """The text of an uploaded file of a message."""
        async with self._session.get(file["permalink"]) as answer:
            answer.raise_for_status()
            return await answer.text()

    async def _act(
        self,
        message: Message,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        details: Mapping[str, Any],
    ) -> None:
        action = {"type": element["type"], "block_id": block.get("block_id"), "action_id": element["action_id"]}
        place = {"channel": message.channel, "messageTs": message.ts, "user": self.id}
        await self._control("interact", {**place, "action": {**action, **details}})

    @asynccontextmanager
    async def _page(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        cookie = {"cookie": f"{PERSON_COOKIE}={self.id}"}
        async with self._session.ws_connect(f"{self._url}/ui", headers=cookie, max_msg_size=0) as page:
            yield page

    async def _control(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self._session.request(method, f"{self._url}/_control/{path}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    def _place(self, channel: str) -> str:
        return self._channels.get(channel.removeprefix("#"), channel)


def _message(raw: Mapping[str, Any]) -> Message:
    return Message(
        channel=raw["channel"],
        ts=raw["ts"],
        text=raw.get("text") or "",
        blocks=tuple(raw.get("blocks") or ()),
        user=raw.get("user") or "",
        thread_ts=raw.get("thread_ts") or "",
        ephemeral_to=raw.get("ephemeral_to") or "",
        files=tuple(raw.get("files") or ()),
        raw=raw,
    )


def _label(element: Mapping[str, Any]) -> str:
    text = element.get("text") or element.get("placeholder") or {}
    return str(text.get("text", "")) if isinstance(text, Mapping) else str(text)


def _texts(blocks: tuple[Mapping[str, Any], ...]) -> list[str]:
    """The texts of blocks, in the order in which they are read."""
    lines: list[str] = []
    for block in blocks:
        parts = [block.get("text"), *block.get("fields", ()), *block.get("elements", ()), block.get("accessory")]
        lines.extend(_label({"text": part.get("text")} if "text" in part else part) for part in parts if part)
    return [line for line in lines if line]


async def _open_view(page: aiohttp.ClientWebSocketResponse) -> Mapping[str, Any]:
    stack: list[Mapping[str, Any]] = (await page.receive_json())["state"]["modalStack"]
    if not stack:
        raise NotThere("no view is open")
    return stack[-1]


def _filled(view: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Values by block id in the form in which the page sends them."""
    filled: dict[str, dict[str, Any]] = {}
    for block in view["blocks"]:
        element, value = block.get("element"), values.get(block.get("block_id", ""))
        if element is not None and value is not None:
            options = [option for option in element.get("options", ()) if option["value"] == value]
            given: dict[str, Any] = {_SENT.get(element["type"], "value"): value}
            given = {"selected_option": options[0]} if options else given
            filled[block["block_id"]] = {element["action_id"]: {"type": element["type"], **given}}
    if unknown := set(values) - set(filled):
        raise NotThere(f"the view has no fields {sorted(unknown)}")
    return filled
