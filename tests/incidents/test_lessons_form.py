"""The lessons form submitted twice, by two people, at once: one record, and nobody's words lost."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from commands.incident import submit
from runbooks.engine import asks
from runbooks.vocabulary import Actor, Severity
from tests.commands.seat import edge_of
from tests.engine.world import ALEX, RILEY, SAM, World
from tests.incidents.records import incident
from tests.incidents.test_incident import FILLED, view


async def declared(world: World) -> str:
    reply = await world.hears(asks.Declare("api", "", "Nothing works", Severity.S2), RILEY)
    return str(reply.facts["incident"])


async def sends(world: World, name: str, by: Actor, *, gesture: str, **given: str) -> dict[str, Any]:
    """What Slack is answered when this person submits the filled form."""
    team, _, user = by.partition("/")
    filled = view(await incident(world, name), **{**FILLED, **given})
    body = {"trigger_id": gesture, "user": {"id": user, "team_id": team}, "view": filled}
    return await submit(edge_of(world), body)


async def resolutions(world: World, name: str) -> int:
    return [entry.what for entry in (await incident(world, name)).entries].count("resolved")


async def test_sent_twice_it_is_recorded_once_and_answered_alike(world: World) -> None:
    name = await declared(world)
    assert await sends(world, name, ALEX, gesture="1.a") == {}
    assert await sends(world, name, ALEX, gesture="1.a") == {}
    assert await resolutions(world, name) == 1


async def test_by_two_people_the_second_keeps_the_form_with_their_words(world: World) -> None:
    name = await declared(world)
    assert await sends(world, name, ALEX, gesture="1.a", helped="The rollback.") == {}
    again = await sends(world, name, SAM, gesture="2.b", helped="Luck.")
    assert again["response_action"] == "errors"
    assert again["errors"]["text"].startswith(f"{name} was resolved by <@UALEX> at")
    lessons = (await incident(world, name)).lessons
    assert lessons is not None
    assert lessons.helped == "The rollback."


async def test_at_the_same_moment_one_of_them_is_recorded(world: World) -> None:
    name = await declared(world)
    others = [world.replica() for _ in range(4)]
    sent = [sends(other, name, who, gesture=who) for other, who in zip(others, (ALEX, SAM, RILEY, ALEX), strict=True)]
    answers = await asyncio.gather(*sent)
    assert sorted(len(answer) for answer in answers) == [0, 0, 2, 2], "one person's, sent twice, is answered alike"
    assert await resolutions(world, name) == 1


async def test_whether_a_day_is_over_is_told_by_the_processs_own_clock(world: World) -> None:
    name = await declared(world)
    world.now = datetime(2026, 12, 3, 0, 30, tzinfo=UTC)
    late = await sends(world, name, ALEX, gesture="1.a")
    assert late["errors"] == {"due": "This day is over. Choose one to come. Nothing was changed."}
    world.now -= timedelta(hours=1)  # still that day, somewhere
    assert await sends(world, name, ALEX, gesture="2.a") == {}
