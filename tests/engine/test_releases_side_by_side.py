"""Two releases of Opsbot on one store, as in a rolling upgrade: what one does not know, it leaves to the other."""

from dataclasses import replace

from runbooks.documents.runbook import Runbook
from runbooks.engine import asks, silence
from runbooks.runs.state import Status
from tests.engine.interrupting import turning
from tests.engine.test_stopped_midway import forget
from tests.engine.world import World

NO_BOOK = "An Opsbot that knows the runbook `{}` does not answer"
NO_PLACE = "An Opsbot whose catalogue has api in production does not answer"
NOT_KNOWN = "An Opsbot that knows the step `{}` does not answer; trying again"


class Shorter:
    """A library that lacks one runbook."""

    def __init__(self, world: World, lacks: str) -> None:
        self._shelf, self._lacks = world.shelf, lacks

    def runbook(self, runbook_id: str) -> Runbook:
        if runbook_id == self._lacks:
            raise KeyError(runbook_id)
        return self._shelf.runbook(runbook_id)


def without_book(world: World, runbook_id: str) -> World:
    """Another process, whose library lacks this runbook."""
    other = world.replica()
    other.engine = replace(other.engine, planner=replace(other.engine.planner, library=Shorter(other, runbook_id)))
    return other


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


async def test_a_runbook_that_is_not_known_is_left_to_who_knows_it(world: World) -> None:
    run_id = await world.deploys()
    await without_book(world, "deploy").works()
    run = await world.run(run_id)
    assert (run.status, run.notes) == (Status.PLANNING, (f"{NO_BOOK.format('deploy')}; trying again.",))
    world.later(seconds=4)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.silence, bool(run.plan)) == (Status.RUNNING, None, True)


async def test_a_runbook_that_nobody_knows_for_long_is_a_finding_and_the_run_can_be_ended(world: World) -> None:
    run_id, other = await world.deploys(), without_book(world, "deploy")
    await other.works()
    other.later(seconds=silence.LONG.total_seconds())
    world.now = other.now
    await other.works()
    found = (await world.store.read([f"finding/{run_id}.{silence.FINDING}"])).streams
    [finding] = [each.state for each in found.values()]
    assert finding.what[0] == "An Opsbot that knows the runbook `deploy` has not answered for 5 minutes."
    await other.hears(asks.Abort(run_id))
    await other.works()
    assert (await world.run(run_id)).status is Status.ABORTED


async def test_a_run_whose_place_only_a_newer_catalogue_has_is_left_to_who_has_it(world: World) -> None:
    """In the middle of its work outside, and while its plan is made."""
    run_id = await turning(world)
    other = world.replica()
    forget(other)
    for _ in range(5):
        world.later(seconds=10)
        other.now = world.now
        await other.works()
    run = await world.run(run_id)
    assert run.status is Status.RUNNING
    assert run.steps["knob"].progress == f"{NO_PLACE}; trying again"
    world.outside.turning = False
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    other.now = world.now
    second = await world.deploys("v3")
    await other.works()
    run = await world.run(second)
    assert (run.status, run.notes) == (Status.PLANNING, (f"{NO_PLACE}; trying again.",))
