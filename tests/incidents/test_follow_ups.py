"""What somebody has to find out: opened with its finding, of one owner at a time, ended with what was found."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from commands.home import look
from commands.views.home import home
from commands.views.incident_card import incident_card, told
from commands.views.incident_words import listed
from runbooks.engine import asks
from runbooks.incidents.follow_up import EndFollowUp, FollowUp, TakeFollowUp
from runbooks.vocabulary import Actor, Failed
from tests.bad_input.desk import shown
from tests.commands.seat import edge_of
from tests.commands.stages import RELEASE
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, TEN, World
from tests.incidents.records import LEARNED, finding, incident
from tests.incidents.test_incident import HOSTILE, OPEN, after

WHY = "Investigate why the health probes failed"
NAME = "D-1.health-failing"


async def failing(world: World, name: str = "health-failing") -> None:
    """D-1 fails so after its change; R-1 takes it back."""
    await world.adopted("v1")
    run = await world.at_the_gate()
    await world.approves(run)
    world.outside.answers = [Failed("/health/ready answers 503.", finding=name)]
    await world.works()


async def follow_up(world: World) -> FollowUp:
    found = (await incident(world, "I-1")).follow_up
    assert found is not None
    return found


async def test_it_opens_with_the_finding_and_has_no_owner(world: World) -> None:
    await failing(world)
    found = await incident(world, "I-1")
    assert found.follow_up == FollowUp(WHY, NAME, TEN)
    assert [entry.what for entry in found.entries][:2] == ["opened", "follow-up-opened"]
    assert (found.requester, found.workers) == (RILEY, ())


async def test_who_takes_it_has_taken_the_finding_on(world: World) -> None:
    await failing(world)
    assert (await world.hears(asks.Investigate("I-1"), ALEX)).did == "investigating"
    assert ((await follow_up(world)).owner, (await incident(world, "I-1")).workers) == (ALEX, (ALEX,))
    assert (await finding(world, NAME)).acknowledged_by == ALEX


async def test_acknowledging_leaves_it_to_whoever_takes_it(world: World) -> None:
    await failing(world)
    await world.hears(asks.Acknowledge(NAME), RILEY)
    assert (await follow_up(world)).owner is None
    await world.hears(asks.Investigate("I-1"), ALEX)
    assert (await finding(world, NAME)).acknowledged_by == RILEY


async def test_it_has_one_owner_and_is_taken_over_by_one_click_that_saw_from_whom(world: World) -> None:
    await failing(world)
    await world.hears(asks.Investigate("I-1"), ALEX)
    late = await world.hears(asks.Investigate("I-1"), SAM)
    assert (late.refused, late.facts["by"]) == ("follow-up-taken", ALEX)
    assert (await world.hears(asks.Investigate("I-1", instead_of=ALEX), OUTSIDER)).refused == "not-allowed"
    assert (await world.hears(asks.Investigate("I-1", instead_of=ALEX), SAM)).did == "investigating"
    assert (await follow_up(world)).owner == SAM
    assert (await world.hears(asks.Investigate("I-1", instead_of=ALEX), RILEY)).refused == "follow-up-taken"
    assert (await world.hears(asks.Investigate("I-1", instead_of=SAM), SAM)).refused == "follow-up-yours"
    assert (await follow_up(world)).owner == SAM


async def test_it_outlives_the_rollback_the_finding_and_the_incident(world: World) -> None:
    await failing(world)
    await world.hears(asks.Investigate("I-1"), ALEX)
    await world.hears(asks.Resolve("I-1", "v1 serves again.", LEARNED), SAM)
    back, found = (await finding(world, NAME)).way_back, await incident(world, "I-1")
    assert back is not None
    assert (back.stands, found.resolved is not None) == (True, True)
    assert found.to_find_out is not None
    assert (await world.hears(asks.Investigate("I-1", instead_of=ALEX), SAM)).did == "investigating"
    world.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert (await world.hears(asks.Found("I-1", "The cache was cold."), SAM)).did == "found"
    ended = await follow_up(world)
    assert (ended.open, ended.found, ended.found_by, ended.found_at) == (False, "The cache was cold.", SAM, world.now)
    assert (await incident(world, "I-1")).entries[-1].text == "The cache was cold."


@pytest.mark.parametrize("ask", [asks.Investigate("I-1"), asks.Found("I-1", "More.")])
async def test_once_it_is_ended_nothing_moves_it(world: World, ask: asks.Ask) -> None:
    await failing(world)
    assert (await world.hears(asks.Found("I-1", "The cache."), OUTSIDER)).refused == "not-allowed"
    assert (await world.hears(asks.Found("I-1", "The cache."), ALEX)).did == "found", "also where nobody took it on"
    refused = await world.hears(ask, SAM)
    assert (refused.refused, refused.facts["by"]) == ("follow-up-done", ALEX)
    assert (await follow_up(world)).found == "The cache."


@pytest.mark.parametrize("ask", [asks.Investigate("I-1"), asks.Found("I-1", "x")])
async def test_where_nothing_is_to_be_found_out(world: World, ask: asks.Ask) -> None:
    await failing(world, "deploy-failed")
    assert (await world.hears(ask, ALEX)).refused == "no-follow-up"


async def waits(world: World, me: Actor) -> list[str]:
    """What the person's Home says that waits for them."""
    lines = shown(home(world.catalogue, await look(edge_of(world), me))["blocks"]).split("\n")
    return [line for line in lines if line.startswith("🔎")]


async def test_it_waits_on_the_home_of_its_owner_and_before_of_who_asked_for_the_deploy(world: World) -> None:
    await failing(world)
    line = f"🔎 *I-1* api production: {WHY}"
    assert (await waits(world, RILEY), await waits(world, ALEX)) == ([f"{line}, which nobody has yet"], [])
    await world.hears(asks.Investigate("I-1"), ALEX)
    assert (await waits(world, RILEY), await waits(world, ALEX)) == ([], [f"{line}, which you took on"])
    await world.hears(asks.Found("I-1", "The cache."), ALEX)
    assert await waits(world, ALEX) == []


def test_what_was_found_is_never_interpreted() -> None:
    opened = replace(OPEN, follow_up=WHY)
    found = after(opened, TakeFollowUp(ALEX), EndFollowUp(ALEX, HOSTILE * 20))
    said = str(incident_card(found, [], RELEASE)) + str(told(found)) + listed([found])
    assert "<!channel>" not in said
    assert "<https" not in said


async def test_of_an_incident_that_is_none(world: World) -> None:
    assert (await world.hears(asks.Investigate("I-9"), ALEX)).refused == "no-such-incident"
