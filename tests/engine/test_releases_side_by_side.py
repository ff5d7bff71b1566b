"""Two releases of Opsbot on one store, as in a rolling upgrade: what one does not know, it leaves to the other."""

from dataclasses import replace

from runbooks.runs.state import Status
from tests.engine.interrupting import turning
from tests.engine.world import World

NOT_KNOWN = "An Opsbot that knows the step `{}` does not answer; trying again"


def older(world: World, uses: str) -> World:
    """Another process, which lacks this kind of step."""
    other = world.replica()
    steps = {name: step for name, step in other.steps.items() if name != uses}
    other.engine = replace(other.engine, planner=replace(other.engine.planner, steps=steps))
    return other


async def test_a_step_that_goes_on_outside_is_left_to_who_knows_it(world: World) -> None:
    run_id = await turning(world)
    world.later(seconds=2)
    await older(world, "knob").works()
    run = await world.run(run_id)
    assert (run.status, run.steps["knob"].progress) == (Status.RUNNING, NOT_KNOWN.format("knob"))
    world.outside.turning = False
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]


async def test_a_step_that_is_not_known_is_not_begun(world: World) -> None:
    run_id = await turning(world)
    world.outside.turning = False
    world.later(seconds=2)
    await older(world, "keep").works()
    run = await world.run(run_id)
    assert (run.status, run.notes) == (Status.RUNNING, (f"{NOT_KNOWN.format('keep')}.",))
    assert "keep" not in run.steps
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
