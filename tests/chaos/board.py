"""What stands in Slack, kept from what passes its proxy: the newest form of each message, by the bot's key of it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sandbox.slack import LocalSlack, Message
from tests.acceptance.people import key_of

Found = TypeVar("Found")
_SHOWN = frozenset({"chat.postMessage", "chat.update"})


class Board:
    """People look at it instead of asking Slack for whole channels again and again."""

    def __init__(self, slack: LocalSlack) -> None:
        self.messages: dict[str, Message] = {}
        self.posts = 0
        self.edits = 0
        self._moved: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        memory = slack.proxy.memory
        inner = memory.answer

        async def answer(method: str, args: Mapping[str, Any]) -> dict[str, Any]:
            told = await inner(method, args)
            if method in _SHOWN and told["ok"]:
                self._saw(method, args, told)
            return told

        memory.answer = answer  # type: ignore[method-assign]  # it looks over the shoulder, and changes nothing

    def _saw(self, method: str, args: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        blocks = args.get("blocks") or ()
        message = Message(told["channel"], told["ts"], str(args.get("text", "")), tuple(blocks))
        if key := key_of(message):
            self.messages[key] = message
        self.posts += method == "chat.postMessage"
        self.edits += method == "chat.update"
        self._moved.pop(told["channel"], asyncio.Event()).set()

    async def until(self, channel: str, found: Callable[[], Found], *, seconds: float) -> Found | None:
        """The first true answer of `found`, asked whenever the channel moves; None after so many seconds."""
        deadline = time.monotonic() + seconds
        while not (value := found()):
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                async with asyncio.timeout(left):
                    await self._moved[channel].wait()
            except TimeoutError:
                return None
        return value

    def card(self, run: str) -> Message | None:
        """The card of a run."""
        return self.messages.get(f"run/{run}/card")

    def cards(self, channel: str) -> list[tuple[str, Message]]:
        """The runs whose cards stand in a channel."""
        return [
            (key.split("/")[1], message)
            for key, message in self.messages.items()
            if message.channel == channel and key.startswith("run/") and key.endswith("/card")
        ]
