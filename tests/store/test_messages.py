"""What stands in Slack, as the bot remembers it: the intent before the post, then its edits."""

import pytest

from bot.adapters.postgres.messages import Message, MessageLog
from bot.adapters.postgres.pool import Pool
from tests.store.counter import START, TestClock


@pytest.fixture
def log(store_pool: Pool, clock: TestClock) -> MessageLog:
    return MessageLog(store_pool, now=clock)


async def _card(log: MessageLog) -> Message | None:
    return (await log.of("run/D-7")).get("run/D-7/card")


async def test_an_intent_stands_before_the_post(log: MessageLog, clock: TestClock) -> None:
    await log.intend("run/D-7/card", stream="run/D-7", channel="C0OPS", body="first")
    clock.pass_seconds(1)
    await log.intend("run/D-7/card", stream="run/D-7", channel="C0OTHER", body="again")
    assert await _card(log) == Message("run/D-7/card", "C0OPS", None, None, "first", None, START)


async def test_a_post_and_its_edits(log: MessageLog, clock: TestClock) -> None:
    await log.intend("run/D-7/card", stream="run/D-7", channel="C0OPS", body="first")
    clock.pass_seconds(1)
    posted_at = clock.now
    await log.posted("run/D-7/card", ts="1700000000.000100", body="first")
    clock.pass_seconds(1)
    await log.posted("run/D-7/card", ts="1700000000.000100", body="second")
    assert await _card(log) == Message("run/D-7/card", "C0OPS", "1700000000.000100", None, "second", posted_at, START)


async def test_a_stream_has_its_own_messages_in_order(log: MessageLog, clock: TestClock) -> None:
    for key, stream in [("card", "run/D-7"), ("alone", "run/D-8"), ("a-thread", "run/D-7")]:
        await log.intend(key, stream=stream, channel="C0OPS", body="", thread_ts="1.2" if key == "a-thread" else None)
        clock.pass_seconds(1)
    messages = await log.of("run/D-7")
    assert {key: message.thread_ts for key, message in messages.items()} == {"card": None, "a-thread": "1.2"}
    assert list(messages) == ["card", "a-thread"]
