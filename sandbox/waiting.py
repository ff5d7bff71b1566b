"""Waiting for a condition of the outside world, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

_LOOK_AGAIN_SECONDS = 0.05


@overload
async def until(condition: Callable[[], Awaitable[T]], *, seconds: float = 15, what: str = "") -> T: ...


@overload
async def until(condition: Callable[[], T], *, seconds: float = 15, what: str = "") -> T: ...


async def until(condition: Callable[[], Any], *, seconds: float = 15, what: str = "") -> Any:
    """The first true answer of `condition`, asked again and again; TimeoutError names `what` and the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        found = await answer if inspect.isawaitable(answer) else answer
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what or 'the condition'}: not within {seconds:g} s, last {found!r}")
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
