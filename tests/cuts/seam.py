"""Where a process can die: before and after each of its commits, and each thing that it asks of the outside."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from runbooks.store import Changes

STEP = "the-step"

Dies = Callable[[list[str]], bool]
"""Whether a process dies now, by what it has done and, as the last, what it is about to do (`commit began`)."""


WHERE: dict[str, Dies] = {
    "between intent and record": lambda done: done[-1] == "after commit began",
    "between effect and record": lambda done: done[-1] == "before commit recorded",
}


def never(_done: list[str]) -> bool:
    """A process that lives."""
    return False


class Seam:
    """The points that one process passes; where it dies it does nothing more."""

    def __init__(self, dies: Dies = never) -> None:
        self.done: list[str] = []
        self.dead = False
        self._dies = dies

    def around(self, inner: Any, *only: str) -> Any:
        """The same object, whose every call (or only those) is such a point."""
        return _Seamed(inner, self, only)

    async def through(self, name: str, doing: Callable[[], Awaitable[Any]]) -> Any:
        """Do it between two points."""
        self._point(f"before {name}")
        done = await doing()
        self._point(f"after {name}")
        return done

    def _point(self, where: str) -> None:
        if not self.dead:
            self.done.append(where)
            self.dead = self._dies(self.done)
        if self.dead:
            raise asyncio.CancelledError


class _Seamed:
    def __init__(self, inner: Any, seam: Seam, only: tuple[str, ...] = ()) -> None:
        self._inner, self._seam, self._only = inner, seam, only

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or (self._only and name not in self._only):
            return found

        def call(*given: Any, **named: Any) -> Any:
            if inspect.iscoroutinefunction(found):
                what = " ".join([name, *_recorded(given[0])]) if name == "commit" else name
                return self._seam.through(what, lambda: found(*given, **named))
            result = found(*given, **named)
            return self._opened(result) if hasattr(result, "__aenter__") else result

        return call

    @asynccontextmanager
    async def _opened(self, opening: Any) -> AsyncIterator[Any]:
        async with opening as inner:
            yield _Seamed(inner, self._seam)


def _recorded(changes: Changes) -> list[str]:
    """What a commit says of the step that is cut off."""
    told = [json.loads(event.data) for append in changes.appends for event in append.events]
    return [str(event["kind"]) for event in told if event.get("step") == STEP]
