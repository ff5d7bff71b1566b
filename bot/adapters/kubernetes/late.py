"""A change that was sent is not called back: what the cluster answers is heard, also by who is cut off meanwhile.

So a process that stood still past its lease learns that its change was refused, and can say so.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.adapters.kubernetes.client import Reply

_PATIENCE = 10.0  # seconds, for an answer
_MOMENT = 2.0  # seconds more, for an answer that came while this process stood still and lies there unread


async def heard(sending: Coroutine[Any, Any, Reply], *, refused: Callable[[Reply], Exception | None]) -> Reply:
    """The answer. Raises TimeoutError, and what sending raises.

    Cut off meanwhile, it listens a moment longer: what `refused` makes of the answer is the cancellation's cause.
    """
    task = asyncio.create_task(sending)
    try:
        await asyncio.wait({task}, timeout=_PATIENCE)
        await asyncio.wait({task}, timeout=_MOMENT)
        if task.done():
            return task.result()
        raise TimeoutError
    except asyncio.CancelledError as cut:
        await asyncio.wait({task}, timeout=_MOMENT)
        if task.done() and not task.cancelled() and task.exception() is None:
            raise cut from refused(task.result())
        raise
    finally:
        task.cancel()
