"""What several tests of the sandbox's Slack need."""

from collections.abc import AsyncIterator

import pytest

from sandbox.slack import LocalSlack
from tests.sandbox.bot import Bot


@pytest.fixture
async def bot(local_slack: LocalSlack) -> AsyncIterator[Bot]:
    bot = Bot(local_slack)
    await bot.socket.connect_async()
    await local_slack.bot_connected()
    yield bot
    await bot.socket.close_async()
