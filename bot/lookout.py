"""How the idle slots of a worker hear of work: one of them looks for it, and wakes others once there is some.

So an idle process asks the database once a second for each kind of work, not once for each slot.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

POLL = 1.0  # seconds; the backstop where no notification came
WOKEN = 2  # slots, by each that found work: it takes few steps until all are at work
_AHEAD = 60.0  # seconds; what is due later is found by looking
_MARGIN = 0.01  # seconds; so that it is not looked for a moment too early


class Bell:
    """Rung when there may be work; who waits wakes up. Closed, it says that no more is begun here."""

    def __init__(self) -> None:
        self.rings = 0
        self._wakes: dict[Callable[[], None], frozenset[str]] = {}  # woken in the order they came
        self._closed = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether no more is begun."""
        return self._closed.is_set()

    def close(self) -> None:
        """Begin no more; wake everybody who waits."""
        self._closed.set()
        self.ring()

    async def until_closed(self) -> None:
        """Until no more is begun."""
        await self._closed.wait()

    def ring(self, kinds: frozenset[str] = frozenset()) -> None:
        """Wake everybody who waits for work of these kinds; none means all."""
        self.rings += 1
        for wake in [wake for wake, of in self._wakes.items() if not kinds or kinds & of]:
            wake()

    @contextmanager
    def heard_by(self, wake: Callable[[], None], kinds: frozenset[str]) -> Iterator[None]:
        """Call this whenever it is rung for one of these kinds of work."""
        self._wakes[wake] = kinds
        try:
            yield
        finally:
            del self._wakes[wake]


class Lookout:
    """The idle slots of one worker, for work of these kinds."""

    def __init__(self, bell: Bell, kinds: Collection[str], *, poll: float = POLL) -> None:
        self._bell = bell
        self._kinds = frozenset(kinds)
        self._poll = poll
        self._resting: list[asyncio.Future[None]] = []
        self._taken = False  # somebody looks out

    async def rest(self, heard: int) -> None:
        """Until there may be work. `heard` is how often the bell had been rung before nothing was found."""
        rest: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._resting.append(rest)
        try:
            if self._taken:
                await rest
            elif heard == self._bell.rings:
                await self._look_out(rest)
        finally:
            self._resting.remove(rest)

    async def _look_out(self, rest: "asyncio.Future[None]") -> None:
        self._taken = True
        timer = asyncio.get_running_loop().call_later(self._poll, _end, rest)
        try:
            with self._bell.heard_by(lambda: _end(rest), self._kinds):
                await rest
        finally:
            timer.cancel()
            self._taken = False

    @property
    def free(self) -> bool:
        """Whether nobody looks out: whoever rests next does."""
        return not self._taken

    def wake(self, most: int | None = None) -> None:
        """Let so many that rest look for work; None: all."""
        for rest in [rest for rest in self._resting if not rest.done()][:most]:
            _end(rest)

    def expect(self, seconds: float) -> None:
        """Something is due after so many; wake one then."""
        if seconds < _AHEAD:
            asyncio.get_running_loop().call_later(max(0.0, seconds) + _MARGIN, self.wake, 1)


def _end(rest: "asyncio.Future[None]") -> None:
    if not rest.done():
        rest.set_result(None)
