"""Lets calls through to Slack as its budgets take them; what can't go now is told when, and waits nowhere here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.adapters.slack.budgets import Asking, Budgets, ask, in_use, refused, spends
from runbooks.vocabulary import Unreachable

SLOW_DOWN = 429
_RETRY_AFTER = 10.0  # seconds, where Slack does not say
_NOBODY = Asking()
_ASKING: ContextVar[Asking] = ContextVar("asking", default=_NOBODY)


class SlackBusy(Unreachable):
    """Slack takes no more of this for now, so nothing was sent; it does in so many `seconds`."""

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__("Slack", f"{method} is used up for {seconds:.1f} s")
        self.seconds = seconds


@contextmanager
def asking(key: str, rank: int, waited: float = 0.0) -> Iterator[None]:
    """What is called within is for this, wanted for so many seconds, which comes back where it is told to."""
    before = _ASKING.set(Asking(key, rank, waited))
    try:
        yield
    finally:
        _ASKING.reset(before)


class Gate:
    """The budgets of a process; `clock` in seconds, one that never steps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._budgets: Budgets = {}
        self._paid: set[tuple[str, str]] = set()

    def pay(self, method: str, channel: str = "") -> None:
        """Spend for a call now. Raises SlackBusy."""
        who, now = _ASKING.get(), self._clock()
        if (method, who.key) in self._paid:
            self._paid.remove((method, who.key))
            return
        self._budgets, back = ask(in_use(self._budgets, now), spends(method, channel), who, now)
        if back is not None:
            raise SlackBusy(method, back - now)

    def pay_ahead(self, method: str, channel: str) -> None:
        """Spend for the next such call for the same, so that what is written down before it is not in vain."""
        self.pay(method, channel)
        self._paid.add((method, _ASKING.get().key))

    def refused(self, method: str, channel: str, error: SlackApiError) -> None:
        """Slack answered this; where that was 429, nothing more of it until Slack says."""
        if getattr(error.response, "status_code", 0) != SLOW_DOWN:
            return
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        told = str(headers.get("retry-after", ""))
        seconds = float(told) if told.replace(".", "", 1).isdigit() else _RETRY_AFTER
        self._budgets = refused(self._budgets, spends(method, channel), self._clock(), seconds)


class GatedClient(AsyncWebClient):
    """Slack's client behind a gate, if there is one. Every call may raise SlackBusy."""

    gate: Gate | None = None

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """As the SDK's."""
        if self.gate is None:
            return await super().api_call(api_method, **options)
        told = options.get("json") or options.get("data") or options.get("params") or {}
        channel = str(told.get("channel", "")) if isinstance(told, dict) else ""
        self.gate.pay(api_method, channel)
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            self.gate.refused(api_method, channel, error)
            raise
