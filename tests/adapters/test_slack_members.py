"""Who is in which group, as the local Slack tells it: many at once, within one time."""

import asyncio
from typing import Any

import pytest

from bot.adapters.slack.client import web_client
from bot.adapters.slack.members import AT_ONCE, PATIENCE, SlackMembers
from runbooks.catalogue import Catalogue
from runbooks.vocabulary import Actor, Unreachable
from sandbox.slack import LocalSlack
from sandbox.slack.faults import Fault, Kind
from tests.engine.world import CATALOGUE

pytestmark = pytest.mark.slack
ASKED = "usergroups.users.list"
MANY = 2 * AT_ONCE


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def members(slack: LocalSlack, clock: Clock, **more: Any) -> SlackMembers:
    """Many groups, each of them the workspace's @sre; one whose members the catalogue lists, and `more`."""
    groups = {f"sre-{n}": {"slack": slack.groups["sre"]} for n in range(MANY)}
    listed = {"sre": {"members": [slack.users["riley"]]}, "developers": {"members": []}}
    catalogue = Catalogue.model_validate({**CATALOGUE, "groups": {**listed, **groups, **more}})
    client = web_client(token=slack.bot_token, api_url=slack.api_url)
    return SlackMembers(client=client, catalogue=catalogue, clock=clock)


def person(slack: LocalSlack, name: str) -> Actor:
    return Actor(f"{slack.workspace.team_id}/{slack.users[name]}")


def all_of_them(slack: LocalSlack) -> frozenset[str]:
    return frozenset({"sre", *(f"sre-{n}" for n in range(MANY))})


async def test_each_group_is_asked_for_once(local_slack: LocalSlack) -> None:
    roll = members(local_slack, Clock())
    casey, riley = person(local_slack, "casey"), person(local_slack, "riley")
    assert await roll.groups_of(riley, all_of_them(local_slack)) == all_of_them(local_slack)
    assert await roll.groups_of(casey, frozenset({"sre", "sre-0"})) == {"sre-0"}
    assert len(local_slack.proxy.journal.calls(ASKED)) == MANY, "and only those that Slack knows"


async def test_a_silent_slack_is_asked_side_by_side_and_not_waited_for(local_slack: LocalSlack) -> None:
    roll = members(local_slack, Clock())
    local_slack.proxy.inject(Fault(ASKED, Kind.DELAY, times=MANY, seconds=60))
    with pytest.raises(Unreachable, match="Slack did not answer"):
        async with asyncio.timeout(5 * PATIENCE):
            await roll.groups_of(person(local_slack, "alex"), all_of_them(local_slack))
    assert len(local_slack.proxy.journal.calls(ASKED)) == AT_ONCE


async def test_one_group_that_is_not_known_denies_and_the_others_are_kept(local_slack: LocalSlack) -> None:
    roll = members(local_slack, Clock())
    local_slack.proxy.inject(Fault(ASKED, Kind.DELAY, seconds=60))
    alex = person(local_slack, "alex")
    with pytest.raises(Unreachable, match="Slack did not answer"):
        await roll.groups_of(alex, all_of_them(local_slack))
    assert await roll.groups_of(alex, all_of_them(local_slack)) == all_of_them(local_slack) - {"sre"}
    assert MANY < len(local_slack.proxy.journal.calls(ASKED)) < 2 * MANY


async def test_a_group_that_slack_refuses_denies(local_slack: LocalSlack) -> None:
    roll = members(local_slack, Clock(), gone={"slack": "S0GONE"})
    with pytest.raises(Unreachable, match="no_such_subteam"):
        await roll.groups_of(person(local_slack, "alex"), frozenset({"sre-0", "gone"}))


async def test_it_is_asked_again_after_a_minute(local_slack: LocalSlack) -> None:
    clock = Clock()
    roll = members(local_slack, clock)
    for seconds, calls in ((0, 1), (59, 1), (60, 2)):
        clock.now = Clock.now + seconds
        assert person(local_slack, "alex") in await roll.of("sre-0")
        assert len(local_slack.proxy.journal.calls(ASKED)) == calls


async def test_a_group_that_the_catalogue_does_not_have_is_empty(local_slack: LocalSlack) -> None:
    assert await members(local_slack, Clock()).of("nobody") == frozenset()
