"""What passed through the proxy, in order: calls of the bot, envelopes to it, what people did on the page."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

Found = TypeVar("Found")


@dataclass
class Call:
    """One HTTP request: `method` is a Web API method's name, or the path of anything else ("/_control/command")."""

    method: str
    args: Mapping[str, Any]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: int = 0  # 0 while it has no answer, and for ever when the answer was withheld
    response: Any = None  # of Web API methods


@dataclass
class Envelope:
    """One payload sent to the bot by socket."""

    id: str
    type: str
    payload: Mapping[str, Any]
    sent: float = field(default_factory=time.monotonic)
    lost: bool = False  # a fault or a deaf socket ate it
    ack_seconds: float | None = None  # None while not acknowledged
    ack: Mapping[str, Any] | None = None  # what the bot said with its acknowledgement


class Journal:
    """Keeps all of it, and lets a test wait until something has been seen."""

    def __init__(self) -> None:
        self.entries: list[Call] = []
        self.envelopes: list[Envelope] = []
        self.gestures: list[Mapping[str, Any]] = []
        self._changed = asyncio.Event()

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.envelopes.clear()
        self.gestures.clear()

    def calls(self, method: str) -> list[Call]:
        """The calls of one Web API method."""
        return [call for call in self.entries if call.method == method]

    def control_calls(self) -> list[Call]:
        """The calls of the local Slack's own control interface: what no person on the page does."""
        return [call for call in self.entries if call.method.startswith("/_control")]

    def changed(self) -> None:
        """Tell those who wait to look again."""
        self._changed.set()

    async def until(self, found: Callable[[], Found], *, seconds: float = 10.0) -> Found:
        """Wait for `found` to give something true; asked whenever something passes. TimeoutError if it never does."""
        try:
            async with asyncio.timeout(seconds):
                while not (value := found()):
                    self._changed.clear()
                    await self._changed.wait()
                return value
        except TimeoutError as error:
            seen = ", ".join(call.method for call in self.entries[-20:])
            raise TimeoutError(f"not seen within {seconds:g} s; the last calls were: {seen}") from error
