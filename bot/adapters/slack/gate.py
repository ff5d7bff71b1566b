"""Lets calls through to Slack as its budgets take them; what can't go now is told when, and waits nowhere here."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.adapters.slack.budgets import Asking, Budgets, Limit, ask, in_use, refused, spends
from runbooks.vocabulary import Unreachable

SLOW_DOWN = 429
_RETRY_AFTER = 10.0  # seconds, where Slack does not say
_IN_THE_BACKGROUND = ("chat", "conversations", "pins")
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


Answer = TypeVar("Answer")
Change = Callable[[Budgets, float], tuple[Budgets, Answer]]
"""From what stands, at this time in seconds: what stands afterwards, and an answer."""


class Books(Protocol):
    """Where budgets are written down."""

    async def change(self, names: Collection[str], change: Change[Answer]) -> Answer:
        """Change those of these names that are in use, where nobody else does meanwhile."""


class OwnBooks:
    """Of this process alone; `clock` in seconds, one that never steps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._budgets: Budgets = {}

    async def change(self, names: Collection[str], change: Change[Answer]) -> Answer:
        """As all books do."""
        now = self._clock()
        stands = in_use(self._budgets, now)
        changed, answer = change({name: stands[name] for name in names if name in stands}, now)
        self._budgets = {**stands, **changed}
        return answer


class Gate:
    """What a process may send now. What is sent in the background goes by the books of all processes, where given.

    The rest, for which a person waits at a screen, does not wait for a database.
    """

    def __init__(self, own: OwnBooks | None = None, shared: Books | None = None) -> None:
        self._own: Books = own or OwnBooks()
        self._shared = shared or self._own
        self._paid: set[tuple[str, str]] = set()

    async def pay(self, method: str, channel: str = "") -> None:
        """Spend for a call now. Raises SlackBusy."""
        who = _ASKING.get()
        if (method, who.key) in self._paid:
            self._paid.remove((method, who.key))
            return

        def paid(budgets: Budgets, now: float) -> tuple[Budgets, float]:
            after, back = ask(budgets, needs, who, now)
            return after, 0.0 if back is None else back - now

        needs = spends(method, channel)
        if wait := await self._change(method, needs, paid):
            raise SlackBusy(method, wait)

    async def pay_ahead(self, method: str, channel: str) -> None:
        """Spend for the next such call for the same, so that what is written down before it is not in vain."""
        await self.pay(method, channel)
        self._paid.add((method, _ASKING.get().key))

    async def refused(self, method: str, channel: str, error: SlackApiError) -> None:
        """Slack answered this; where that was 429, nothing more of it until Slack says."""
        if getattr(error.response, "status_code", 0) != SLOW_DOWN:
            return
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        told = str(headers.get("retry-after", ""))
        seconds = float(told) if told.replace(".", "", 1).isdigit() else _RETRY_AFTER
        needs = spends(method, channel)
        await self._change(method, needs, lambda budgets, now: (refused(budgets, needs, now, seconds), None))

    async def _change(self, method: str, needs: Mapping[str, Limit], change: Change[Answer]) -> Answer:
        books = self._shared if method.partition(".")[0] in _IN_THE_BACKGROUND else self._own
        return await books.change(needs, change)


class GatedClient(AsyncWebClient):
    """Slack's client behind a gate, if there is one. Every call may raise SlackBusy."""

    gate: Gate | None = None

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """As the SDK's."""
        if self.gate is None:
            return await super().api_call(api_method, **options)
        told = options.get("json") or options.get("data") or options.get("params") or {}
        channel = str(told.get("channel", "")) if isinstance(told, dict) else ""
        await self.gate.pay(api_method, channel)
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            await self.gate.refused(api_method, channel, error)
            raise
