"""A deploy of which only lines for people are left: its version is recorded as good only if nothing came between."""

from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import Failed
from tests.engine.world import DEPLOY, World

AFTER = "\n## After\n- [ ] Look at the graphs\n"


async def deployed_but_for_a_line(world: World, version: str = "v2") -> str:
    """A deploy that has changed all that it was to change, and staged its candidate."""
    known = {uses: step.params for uses, step in world.steps.items()}
    world.shelf.documents["deploy"] = parse(DEPLOY + AFTER, path="deploy.md", known=known)
    run_id = await world.at_the_gate(version)
    await world.approves(run_id)
    await world.works()
    candidate = (await world.release()).candidate
    assert candidate is not None
    assert candidate.version == version
    return run_id


async def good(world: World) -> list[str]:
    return [each.version for each in (await world.release()).good]


async def ends(world: World, run_id: str) -> None:
    """Its last line is ticked."""
    assert (await world.ticks(run_id, "look-at-the-graphs")).did == "answered"
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


async def test_what_was_rolled_back_is_not_recorded_as_good(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    back = await world.rolls_back()
    await world.works()
    assert (await world.run(back.facts["run"])).status is Status.SUCCEEDED
    assert (await world.run(run_id)).notes == (
        f"{back.facts['run']} began to change production since, so v2 is not recorded as the last known good.",
    )
    await ends(world, run_id)
    assert (await good(world), world.outside.knob) == (["v1"], "v1")


async def test_nor_is_what_a_later_deploy_that_failed_began_to_replace(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    later = await world.at_the_gate("v3")
    world.outside.answers = [Failed("New pods crash.")]
    await world.approves(later)
    await world.works()
    await ends(world, run_id)
    assert await good(world) == ["v1"]


async def test_nor_is_what_was_there_before_something_else_was_adopted(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    await world.adopted("v5")
    assert (await world.run(run_id)).notes == (
        "v5 was recorded as what runs since, so v2 is not recorded as the last known good.",
    )
    await ends(world, run_id)
    assert await good(world) == ["v5", "v1"]


async def test_its_end_does_not_settle_what_others_left_since(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    back = str((await world.rolls_back()).facts["run"])
    world.outside.answers = [Failed("The cluster refuses it.")]
    await world.works()
    assert (await world.run(back)).status is Status.FAILED
    await ends(world, run_id)
    assert (await world.release()).left == (back,)


async def test_a_deploy_that_waits_does_not_take_it_away(world: World) -> None:
    await world.adopted("v1")
    run_id = await deployed_but_for_a_line(world)
    later = await world.at_the_gate("v3")
    await ends(world, run_id)
    assert await good(world) == ["v2", "v1"]
    assert (await world.hears(asks.Abort(later))).did == "stopping"
