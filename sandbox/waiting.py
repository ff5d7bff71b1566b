"""Waiting for a condition of the outside world, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN_SECONDS = 0.05


async def until(condition: Callable[[], T | Awaitable[T]], *, seconds: float = 15, what: str = "") -> T:
    """The first true answer of `condition`, asked again and again; TimeoutError names `what` and the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        found: T = await answer if inspect.isawaitable(answer) else answer
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{what or inspect.getsource(condition).strip()}: not within {seconds:g} s; last {found!r}"
            )
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
