"""A desk at which a deploy fails, so that there is an incident; and what is seen of that."""

from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.slack.client import web_client
from runbooks.engine import asks
from runbooks.incidents.incident import Incident
from runbooks.vocabulary import Actor, Failed
from sandbox.slack import LocalSlack, Message
from tests.deliveries.desk import Desk, desk_of
from tests.engine.world import World

NAME = "inc-2026-11-24-api"
LEARNED = {
    "text": "v1 serves again.",
    "happened": "The pods crashed.",
    "helped": "The rollback.",
    "change": "Test the settings first.",
    "due": "2099-12-01",
}
CRASHED = Failed("New pods crash.")


@pytest.fixture
def desk(small_world: World, store_pool: Pool, local_slack: LocalSlack) -> Desk:
    """A desk whose people are those of the local Slack."""
    team = local_slack.workspace.team_id
    riley, alex = (Actor(f"{team}/{local_slack.users[name]}") for name in ("riley", "alex"))
    small_world.members.groups = {"sre": {alex}, "developers": {riley}}
    return desk_of(small_world, local_slack, store_pool)


async def fails(desk: Desk, how: Failed = CRASHED) -> str:
    """A deploy that fails, with nothing to go back to by itself; the incident's name."""
    world = desk.world
    run_id = await world.deploys(by=riley_of(desk))
    await world.works()
    await world.hears(asks.Answer(run_id, "told-everybody", "done"), riley_of(desk))
    await world.works()
    await world.approves(run_id, alex_of(desk))
    world.outside.answers = [how]
    await world.works()
    return run_id.replace("D-", "I-")


def riley_of(desk: Desk) -> Actor:
    return next(iter(desk.world.members.groups["developers"]))


def alex_of(desk: Desk) -> Actor:
    return next(iter(desk.world.members.groups["sre"]))


async def incident(desk: Desk, name: str) -> Incident:
    found: Incident = (await desk.world.store.read([f"incident/{name}"])).streams[f"incident/{name}"].state
    return found


async def delivered(desk: Desk) -> None:
    """Everything, with time for what is tried again and for edits that wait."""
    for _ in range(4):
        await desk.deliver()
        desk.world.later(seconds=4)


async def channels(desk: Desk) -> dict[str, dict[str, Any]]:
    """The public channels by name, as the bot sees them."""
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    return {each["name"]: each for each in (await client.conversations_list())["channels"]}


async def card(desk: Desk, channel: str) -> Message:
    return next(m for m in await desk.seen(channel) if "Timeline" in m.shown)
