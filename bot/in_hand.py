"""What was taken in and is not answered yet: so long a way in stays open that is about to be closed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncCustomListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncCustomListenerStartHandler

PATIENCE = 3.0  # seconds; so long Slack waits for an answer


class InHand:
    """Counts requests from their arrival to the last thing that is said about them."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, until the block ends."""
        self._begun()
        try:
            yield
        finally:
            self._done()

    def watch(self, app: AsyncApp) -> None:
        """Count what the application's listeners do, also what they say after the acknowledgement."""

        async def begun() -> None:
            self._begun()

        async def done() -> None:
            self._done()

        runner = app.listener_runner
        runner.listener_start_handler = AsyncCustomListenerStartHandler(app.logger, begun)
        runner.listener_completion_handler = AsyncCustomListenerCompletionHandler(app.logger, done)

    async def none(self) -> None:
        """Until everything is answered; no longer than Slack waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._none.wait()

    def _begun(self) -> None:
        self._count += 1
        self._none.clear()

    def _done(self) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()
