"""An event loop in virtual time, shared by several processes that can each be stopped for a while.

Nothing here waits: where nothing is ready the clock jumps to the next timer. Every callback belongs to the process in
whose context it was made, so that a stopped one does nothing at all while the others go on.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from typing import Any

OWNER: ContextVar[str] = ContextVar("owner", default="")  # "": the world itself, which is never stopped


class Stuck(Exception):
    """Nothing will ever happen again."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """As much of a loop as tasks, futures and timeouts need; no files, no sockets."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[tuple[str, asyncio.Handle]] = deque()
        self._timers: list[tuple[float, int, str, asyncio.TimerHandle]] = []
        self._numbers = count()
        self._parked: dict[str, list[tuple[bool, asyncio.Handle]]] = {}
        self.troubles: list[str] = []

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:
        context = copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append((context.get(OWNER, ""), handle))
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        context = copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), context.get(OWNER, ""), handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None, **_: Any) -> Any:
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.troubles.append(f"{context['message']}: {context.get('exception')!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is left where it is, and skipped when its time comes."""

    def stop_process(self, owner: str) -> None:
        """It does nothing any more until it is woken; its timers go off late."""
        self._parked.setdefault(owner, [])

    def wake_process(self, owner: str) -> None:
        """It goes on. As in the real loop, timers that are over come before the tasks that waited for an answer."""
        parked = self._parked.pop(owner, [])
        late = [handle for is_timer, handle in parked if is_timer]
        self._ready.extend((owner, handle) for handle in [*late, *(h for timer, h in parked if not timer)])

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Run until it is done. Raises Stuck."""
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._turn()
            return task.result()
        finally:
            asyncio._set_running_loop(None)

    def _turn(self) -> None:
        if not self._ready:
            if not self._timers:
                raise Stuck
            self._now = max(self._now, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._now:
            _, _, owner, timer = heapq.heappop(self._timers)
            self._run(owner, timer, is_timer=True)
        for _ in range(len(self._ready)):
            owner, handle = self._ready.popleft()
            self._run(owner, handle, is_timer=False)

    def _run(self, owner: str, handle: asyncio.Handle, *, is_timer: bool) -> None:
        if handle.cancelled():
            return
        if owner in self._parked:
            self._parked[owner].append((is_timer, handle))
        else:
            handle._run()
