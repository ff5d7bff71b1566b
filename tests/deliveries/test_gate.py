"""The deliveries behind the gate, before a Slack that answers 429."""

from dataclasses import replace

import pytest

from bot.adapters.slack.budgets import IN_A_CHANNEL
from bot.adapters.slack.client import Poster, web_client
from bot.adapters.slack.gate import Gate, OwnBooks
from sandbox.slack import Fault, Kind
from tests.deliveries.desk import Desk

pytestmark = pytest.mark.slack


@pytest.fixture
def gated(desk: Desk) -> Desk:
    def clock() -> float:
        return desk.world.now.timestamp()

    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url, gate=Gate(OwnBooks(clock)))
    return replace(desk, deliveries=replace(desk.deliveries, slack=Poster(client)))


async def test_after_a_429_slack_is_not_asked_again_before_it_says(gated: Desk) -> None:
    await gated.world.deploys()
    await gated.deliver()
    await gated.world.works()
    gated.slack.proxy.inject(Fault("chat.update", Kind.RATE_LIMITED, seconds=30))
    asked = []
    for _ in range(40):
        await gated.deliver()
        asked.append(len(gated.slack.journal.calls("chat.update")))
        gated.world.later(seconds=1)
    assert (asked[0], asked[29], asked[-1]) == (1, 1, 2)
    assert "Told everybody" in (await gated.seen())[0].shown


async def test_what_waits_for_its_turn_was_not_written_down_as_posted_perhaps(gated: Desk) -> None:
    """So that nothing is looked up, of which there is none, out of a budget that is small."""
    channel, blocks = gated.slack.channels["deploys"], [{"type": "divider"}]
    for number in range(IN_A_CHANNEL.at_once):
        await gated.deliveries.slack.post(key=f"{number}", channel=channel, text="-", blocks=blocks, thread=None)
    run_id = await gated.world.deploys()
    await gated.deliver()
    assert await gated.deliveries.sent.of(f"run/{run_id}") == {}
    gated.world.later(seconds=3)
    await gated.deliver()
    assert run_id in (await gated.seen())[-1].shown
    assert not gated.slack.journal.calls("conversations.history")
