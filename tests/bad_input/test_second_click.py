"""A rollback is not rolled back by a second click: asked again, confirmed twice or by two, it goes back once."""

import asyncio

from commands.views.finding_card import finding_card
from commands.views.sent import value_of
from runbooks.runs.state import Status
from runbooks.vocabulary import Actor
from tests.bad_input.conftest import Refusal
from tests.bad_input.desk import Desk, shown
from tests.bad_input.test_held import back
from tests.engine.world import ALEX, SAM

TEN = "at <!date^1795514400^{time}|10:00 UTC>"


def nothing_to_take_back(run: str) -> str:
    return (
        f"Not started. api production is on v1, its last known good, since {run} ({TEN}). Nothing to take back. "
        "To go elsewhere, name the version: `/rollback api production to VERSION`."
    )


async def failing(desk: Desk) -> None:
    """Two releases are known to be good, and a third is being deployed."""
    await desk.world.adopted("v0")
    await desk.world.adopted("v1")
    await desk.world.at_the_gate("v2")


async def test_asked_again_right_afterwards_there_is_nothing_to_take_back(desk: Desk, refused: Refusal) -> None:
    await failing(desk)
    run = await back(desk)
    assert await refused(desk.types("/rollback api", ALEX)) == nothing_to_take_back(run)
    assert await refused(desk.types("/rollback api planned", ALEX)) == nothing_to_take_back(run)
    assert desk.world.outside.knob == "v1"


async def test_a_confirmation_clicked_twice_is_one_rollback(desk: Desk) -> None:
    await failing(desk)
    offered = await desk.offered("/rollback api")
    first = await desk.clicks(offered, "Roll back now", ALEX)
    await desk.world.works()
    before = desk.records()
    assert await desk.clicks(offered, "Roll back now", ALEX) == first
    await desk.world.works()
    assert desk.records() == before


async def test_two_people_at_once_are_one_rollback(desk: Desk) -> None:
    await failing(desk)
    by: list[Actor] = [ALEX, SAM]
    offered = [await desk.offered("/rollback api", who) for who in by]
    answers = await asyncio.gather(
        *(desk.clicks(blocks, "Roll back now", who) for blocks, who in zip(offered, by, strict=True))
    )
    await desk.world.works()
    [(_, started)] = [answer for answer in answers if answer[0]]
    [(_, other)] = [answer for answer in answers if not answer[0]]
    assert f"{started.partition(' ')[0]} is already rolling back api in production to v1" in other
    assert len(desk.world.outside.effects) == 1


async def test_a_confirmation_from_before_it_ended_starts_nothing(desk: Desk, refused: Refusal) -> None:
    await failing(desk)
    old = await desk.offered("/rollback api", SAM)
    run = await back(desk)
    assert await refused(desk.clicks(old, "Roll back now", SAM)) == nothing_to_take_back(run)


async def test_nor_does_one_for_a_named_version(desk: Desk, refused: Refusal) -> None:
    await failing(desk)
    old = await desk.offered("/rollback api to v0", SAM)
    run = await back(desk)
    assert await refused(desk.clicks(old, "Roll back now", SAM)) == nothing_to_take_back(run)


async def test_after_an_older_version_the_last_known_good_must_be_named(desk: Desk, refused: Refusal) -> None:
    await failing(desk)
    old = await desk.offered("/rollback api", SAM)
    run = await older(desk)
    said = (
        f"Not started. api production is on v0 since {run} ({TEN}), and stays there. "
        "To go elsewhere, name the version: `/rollback api production to VERSION`."
    )
    assert await refused(desk.types("/rollback api", ALEX)) == said
    assert await refused(desk.clicks(old, "Roll back now", SAM)) == said
    assert desk.world.outside.knob == "v0"


async def older(desk: Desk) -> str:
    """It was taken to the release before the last known good."""
    _, said = await desk.clicks(await desk.offered("/rollback api to v0"), "Roll back now", ALEX)
    run = said.partition(" ")[0]
    await desk.world.works()
    await desk.world.approves(run, SAM)
    await desk.world.works()
    assert (await desk.world.run(run)).status is Status.SUCCEEDED
    return run


async def test_named_it_goes(desk: Desk) -> None:
    await failing(desk)
    await older(desk)
    run = await back(desk, "/rollback api to v1")
    assert (await desk.world.run(run)).status is Status.SUCCEEDED
    assert desk.world.outside.knob == "v1"


async def test_the_button_of_the_outdated_record_names_the_version(desk: Desk) -> None:
    """What runs is not what is recorded: its finding offers the way to the record."""
    await failing(desk)
    run = await older(desk)
    name = f"finding/{run}.lkg-outdated"
    finding = (await desk.world.store.read([name])).streams[name].state
    card = finding_card(finding, await desk.world.release(), await desk.world.run(""))
    assert "To go to the record: /rollback api production to v1." in shown(tuple(card))
    value = value_of(desk.body(tuple(card), "Roll back to v1", ALEX))
    assert value == {"service": "api", "environment": "production", "version": "v1"}


async def test_once_something_changes_the_place_there_is_something_to_take_back(desk: Desk) -> None:
    await failing(desk)
    await back(desk)
    await desk.types("/deploy unlock api the cause is known", SAM)
    run = await desk.world.at_the_gate("v3")
    await desk.world.approves(run)
    await desk.world.works()
    assert (await desk.world.run(run)).status is Status.SUCCEEDED
    assert (await desk.world.release()).back is None
    assert "Roll back now" in str(await desk.offered("/rollback api"))
