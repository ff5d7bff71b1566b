"""A deploy of which only lines for people are left is aborted: it holds nothing, whatever else goes on there."""

from commands.views.headline import severity
from commands.views.run_card import Look
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import Severity
from tests.commands.cards import text_of
from tests.engine.test_candidate import deployed_but_for_a_line
from tests.engine.world import ALEX, RILEY, World


async def raised(world: World) -> list[str]:
    return [name for name, _ in await world.store.latest("finding/", 5)]


async def aborted(world: World, run_id: str) -> None:
    assert (await world.hears(asks.Abort(run_id), RILEY)).did == "stopping"
    await world.works()
    assert (await world.run(run_id)).status is Status.ABORTED


async def test_it_is_aborted_while_another_deploy_holds_the_place(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    later = await world.at_the_gate("v3")
    await aborted(world, run_id)
    assert (await world.run(later)).waits_for_approval
    assert await raised(world) == [f"finding/{run_id}.deploy-aborted"], "v2 runs, and is not recorded as good"


async def test_once_it_was_rolled_back_its_abort_leaves_nothing_to_be_told(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    assert (await world.rolls_back(ALEX)).did == "started"
    await world.works()
    assert world.outside.knob == "v1"
    await aborted(world, run_id)
    assert (await raised(world), (await world.release()).left) == ([], ())


async def test_its_card_does_not_say_that_its_version_runs(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    await world.rolls_back(ALEX)
    await world.works()
    await aborted(world, run_id)
    run = await world.run(run_id)
    said = text_of(run, Look(world.catalogue, await world.release()))
    assert "production was changed by something else since: nothing is left of it." in said
    assert "production runs v2" not in said
    assert severity(run) is Severity.S3
