"""`/drill` in words, and the card of a drill: its title, its versions, its clock, its end."""

import pytest

from bot.drill_command import _plain
from commands.drill import answer
from commands.views.clock import parts
from commands.views.lists import history
from commands.views.run_card import Look, card
from runbooks.engine import asks
from runbooks.runs.state import Run
from runbooks.vocabulary import Failed
from tests.bad_input.desk import shown
from tests.commands.seat import edge_of
from tests.engine.drilling import Drilling
from tests.engine.world import ALEX, World


@pytest.fixture
async def drilling(world: World) -> Drilling:
    made = Drilling(world)
    await made.good("v1")
    return made


async def typed(world: World, text: str) -> str:
    command = {"team_id": "T1", "user_id": "URILEY", "trigger_id": f"1.{text}", "text": text}
    return await answer(edge_of(world), command)


async def on_card(drilling: Drilling, run: Run) -> str:
    return shown(card(run, Look(drilling.world.catalogue, await drilling.release())))


async def test_what_is_typed(drilling: Drilling) -> None:
    world = drilling.world
    assert await typed(world, "") == "*Drills*\n*api staging* · no drill has ended well yet"
    assert (await typed(world, "help")).startswith("`/drill SERVICE [ENVIRONMENT] [VERSION]`")
    assert (await typed(world, "api staging v2 now")).startswith("Not understood: “api staging v2 now”.")
    assert "Did you mean" in await typed(world, "apo")
    assert (await typed(world, "api production to v2")).startswith("Not started. The catalogue allows no drills")
    nowhere = await typed(world, "api production")
    assert nowhere.startswith(
        "Not started. The catalogue allows no drills of api in production. Ask whoever keeps it"
    )
    run, _, said = (await typed(world, "api")).partition(" ")
    assert said == (
        "started: api in staging goes forward to another version and back to v1, once @sre has approved its plan."
    )
    assert (await typed(world, "api v2")).startswith(f"Not started. {run} is a drill of api in staging (asked by ")


async def test_where_several_places_have_drills_or_the_wrong_one_is_named_those_that_have_some_are_said(
    drilling: Drilling,
) -> None:
    places = drilling.world.catalogue.services["api"].environments
    assert "Drills of api are in staging: `/drill api staging`." in await typed(drilling.world, "api production")
    places["qa"] = places["staging"]
    said = await typed(drilling.world, "api")
    assert "Drills of api are in staging, qa: `/drill api staging`, `/drill api qa`." in said
    assert (await typed(drilling.world, "api v3")).startswith(
        "There is no environment “v3”. There are: production, qa"
    )


async def test_what_is_typed_after_another_command_names_the_right_one(drilling: Drilling) -> None:
    run = str((await drilling.asked()).facts["run"])
    assert f"`/deploy abort {run}`" in await typed(drilling.world, f"abort {run}")
    assert await typed(drilling.world, "list") == await typed(drilling.world, "status")


async def test_one_that_waits_or_goes_on_is_listed_before_the_next(drilling: Drilling) -> None:
    run = await drilling.begun()
    listed = await typed(drilling.world, "")
    assert f"{run} waits for its approval" in listed
    await drilling.world.approves(run)
    await drilling.world.works()
    assert f"{run} is under way" in await typed(drilling.world, "")


async def test_its_card_from_the_request_to_the_end(drilling: Drilling) -> None:
    reply = await drilling.asked()
    run = await drilling.world.run(str(reply.facts["run"]))
    assert "v1 → another version → v1" in await on_card(drilling, run)
    await drilling.world.works()
    await drilling.approved(run.id)
    run = await drilling.world.run(run.id)
    told = await on_card(drilling, run)
    assert told.startswith("Drilled api staging: back in 1 s")
    assert "v1 → v3 3333333 → v1" in told.replace("*", "").replace("`", "")
    assert "Back and healthy in 1 s, of five minutes." in told
    assert [name for name, _ in parts(run)] == ["back", "well-again"]
    assert f"*{run.id}* drill of api in staging, by way of v3" in history([run])


async def test_the_card_of_one_that_failed_says_what_takes_it_back(drilling: Drilling) -> None:
    run = await drilling.begun()
    drilling.world.outside.answers = [Failed("New pods crash.")]
    await drilling.world.approves(run)
    while (lease := await drilling.world.store.claim(["run"], prefix=f"run/{run}")) is not None:
        await drilling.world.store.finish(lease, await drilling.world.engine.advance(lease))
    told = await on_card(drilling, await drilling.world.run(run))
    assert told.startswith("Drill failed: api staging")
    assert f"{run.replace('E-', 'R-')} takes staging back to v1." in told


async def test_the_card_of_one_that_was_aborted_half_way_says_how_to_go_back(drilling: Drilling) -> None:
    run = await drilling.begun()
    await drilling.world.approves(run)
    await drilling.world.works()
    await drilling.world.hears(asks.Abort(run), ALEX)
    await drilling.world.works()
    told = await on_card(drilling, await drilling.world.run(run))
    assert told.startswith("Drill aborted: api staging")
    assert "To go back to v1: `/rollback api staging`." in told


def test_in_a_terminal_it_is_read_without_escapes() -> None:
    assert _plain("a &lt;b&gt; &amp; c") == "a <b> & c"
