"""An incident's channel that takes no message any more: its card goes to the severity's channel, and says why."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.adapters.slack.client import web_client
from runbooks.engine import asks
from sandbox.slack import Fault, Kind
from tests.deliveries.desk import Desk
from tests.deliveries.incident_desk import NAME, alex_of, card, channels, delivered, desk, fails, incident

pytestmark = pytest.mark.slack
__all__ = ["desk"]  # a fixture


def of_the_card(message: Mapping[str, Any]) -> bool:
    return "*Timeline*" in str(message.get("blocks"))


async def archive(desk: Desk) -> None:
    """Somebody archives the incident's channel in Slack."""
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    await client.conversations_archive(channel=(await channels(desk))[NAME]["id"])


async def stands_with_the_others(desk: Desk, name: str, *, why: str, says: str) -> None:
    """The card is in the severity's channel and says why; what is new is told in its thread."""
    found, shown = await incident(desk, name), await card(desk, "incidents")
    assert (found.lost, found.channel, found.channel_name) == (why, "", NAME)
    assert f"⚠️ Its channel #{NAME} {says}, so it is worked on here." in shown.shown
    [finding] = [m for m in await desk.seen("incidents") if "Acknowledge" in m.buttons]
    assert f"Incident: {name} (opened), without a channel of its own" in finding.shown
    await desk.world.hears(asks.UpdateIncident(name, "Looking."), alex_of(desk))
    await delivered(desk)
    assert "Looking." in (await card(desk, "incidents")).shown
    [said] = [m for m in await desk.seen("incidents") if m.shown.endswith(": Looking.")]
    assert said.thread_ts == shown.ts


async def test_archived_before_the_card_was_posted(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("chat.postMessage", Kind.RATE_LIMITED, match=of_the_card))
    name = await fails(desk)
    await desk.deliver()
    await archive(desk)
    await delivered(desk)
    await stands_with_the_others(desk, name, why="is_archived", says="was archived")
    assert desk.slack.journal.calls("pins.add") == []
    assert desk.slack.journal.calls("conversations.unarchive") == []


async def test_archived_before_the_card_was_edited(desk: Desk) -> None:
    name = await fails(desk)
    await delivered(desk)
    await desk.world.hears(asks.UpdateIncident(name, "Before."), alex_of(desk))
    await delivered(desk)
    await archive(desk)
    await desk.world.hears(asks.UpdateIncident(name, "After."), alex_of(desk))
    await delivered(desk)
    told = [m.shown for m in await desk.seen("incidents") if m.thread_ts]
    assert [said.rpartition(": ")[2] for said in told] == ["Before.", "After."], "nothing that was told is lost"
    await stands_with_the_others(desk, name, why="is_archived", says="was archived")


@pytest.mark.parametrize("method", ["pins.add", "conversations.invite"])
async def test_archived_before_it_was_furnished(desk: Desk, method: str) -> None:
    desk.slack.proxy.inject(Fault(method, Kind.ERROR, error="is_archived"))
    name = await fails(desk)
    await delivered(desk)
    await stands_with_the_others(desk, name, why="is_archived", says="was archived")


async def test_deleted(desk: Desk) -> None:
    name = await fails(desk)
    await delivered(desk)
    gone = Fault("chat.postMessage", Kind.ERROR, error="channel_not_found", match=lambda m: "After." in str(m))
    desk.slack.proxy.inject(gone)
    await desk.world.hears(asks.UpdateIncident(name, "After."), alex_of(desk))
    await delivered(desk)
    await stands_with_the_others(desk, name, why="channel_not_found", says="is gone")
