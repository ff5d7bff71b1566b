"""What can go wrong between the bot and Slack, made to go wrong on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Match = Callable[[Mapping[str, Any]], bool]


class Kind(StrEnum):
    """How a call or an envelope fails."""

    RATE_LIMITED = "429"  # refused, with Retry-After
    SERVER_ERROR = "500"  # refused, without a word
    ERROR = "error"  # refused with Slack's own error code
    DELAY = "delay"  # done, late
    DROP_REQUEST = "drop_request"  # not done; the connection ends without an answer
    SWALLOW = "swallow"  # not done, and answered as if it were
    TIMEOUT_AFTER_EFFECT = "timeout_after_effect"  # done; the answer never comes
    LOST_ANSWER = "lost_answer"  # done; the connection ends without an answer
    DUPLICATE = "duplicate"  # done twice


@dataclass(frozen=True)
class Fault:
    """One thing to go wrong, `times` times.

    `method` is a Web API method ("chat.postMessage"), or for what comes in by socket an envelope's type
    ("slash_commands", "interactive", "events_api"), which knows DELAY, DROP_REQUEST and DUPLICATE (the second copy
    has an envelope id of its own). `match` is given the arguments, or the envelope's payload.
    """

    method: str
    kind: Kind
    times: int = 1
    match: Match = lambda _: True
    seconds: float = 1.0  # of DELAY and Retry-After; how long TIMEOUT_AFTER_EFFECT holds the connection at most
    error: str = "internal_error"  # of ERROR


@dataclass
class _Waiting:
    fault: Fault
    left: int


class Faults:
    """The faults that are still to happen, in the order they were given."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault) -> None:
        """Let it happen from now on."""
        self._waiting.append(_Waiting(fault, fault.times))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._waiting.clear()

    def take(self, method: str, what: Mapping[str, Any]) -> Fault | None:
        """The fault that this call meets, used up once."""
        for waiting in self._waiting:
            if waiting.left and waiting.fault.method == method and waiting.fault.match(what):
                waiting.left -= 1
                return waiting.fault
        return None
