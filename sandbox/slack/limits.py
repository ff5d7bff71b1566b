"""Slack's rate limits, kept to the letter: who calls more often than its documentation allows is answered 429."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack.faults import Fault, Kind

# (seconds, calls that they take at most): tiers of Slack's documentation; short bursts of posts pass
_POSTS = ((1.0, 3), (60.0, 60))  # in a channel
_A_MINUTE = {
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.invite": 50,
    "conversations.open": 50,
    "conversations.replies": 50,
    "conversations.create": 20,
    "conversations.list": 20,
    "conversations.setPurpose": 20,
    "pins.add": 20,
    "usergroups.users.list": 20,
}
_REST = 100


class Limits:
    """Counts what was let through; `clock` in seconds. A call that is refused does not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._passed: dict[str, list[float]] = {}
        self.refused = 0

    def take(self, method: str, args: Mapping[str, Any]) -> Fault | None:
        """None where it may pass, else what it meets."""
        posts = method == "chat.postMessage"
        passed = self._passed.setdefault(f"{method} {args.get('channel') if posts else ''}", [])
        now = self._clock()
        windows = _POSTS if posts else ((60.0, _A_MINUTE.get(method, _REST)),)
        waits = [passed[-most] + seconds - now for seconds, most in windows if len(passed) >= most]
        if (wait := max(waits, default=0)) > 0:
            self.refused += 1
            return Fault(method, Kind.RATE_LIMITED, seconds=math.ceil(wait))
        passed.append(now)
        return None
