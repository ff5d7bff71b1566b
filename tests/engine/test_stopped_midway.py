"""What is ended in the middle: its work outside is ended too, and nothing keeps the run from its end."""

from dataclasses import replace

from runbooks.engine import asks
from runbooks.engine.planning import Planner
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.vocabulary import Done, Failed, InDoubt, Unreachable
from tests.engine.interrupting import turning
from tests.engine.world import ALEX, World


async def test_a_rollback_aborted_before_its_take_over_still_ends_what_it_stopped(world: World) -> None:
    await world.adopted("v1")
    await turning(world)
    back = (await world.rolls_back()).facts["run"]
    assert (await world.hears(asks.Abort(back), ALEX)).did == "stopping"
    await world.works()
    run = await world.run(back)
    assert (run.status, run.reason) == (Status.ABORTED, "the knob was not turned")
    assert world.outside.fence > 0


async def test_after_its_take_over_there_is_nothing_more_to_end(world: World) -> None:
    await world.adopted("v1")
    await turning(world)
    back = (await world.rolls_back()).facts["run"]
    await world.works()
    fence = world.outside.fence
    world.steps["take-over"] = world.steps["confirm"]
    await world.hears(asks.Abort(back), ALEX)
    await world.works()
    assert (await world.run(back)).status is Status.ABORTED
    assert world.outside.fence > fence, "its own step was ended"


async def test_an_abort_does_not_wait_for_ever_for_what_is_silent(world: World) -> None:
    run_id = await turning(world)

    async def silent(turn: Turn) -> str:
        raise Unreachable("The cluster main")

    world.steps["knob"].abandon = silent  # type: ignore[method-assign]  # its cluster is
    await world.hears(asks.Abort(run_id))
    for _ in range(3):
        await world.works()
        assert (await world.run(run_id)).status is Status.STOPPING
        world.later(seconds=10)
    world.later(seconds=60)
    await world.works()
    run = await world.run(run_id)
    said = "“Turn the knob” could not be ended, as the cluster main does not answer: look what stands where."
    assert (run.status, run.reason) == (Status.ABORTED, said)


async def test_an_abort_ends_also_what_is_in_doubt(world: World) -> None:
    run_id = await world.at_the_gate()
    world.outside.answers = [InDoubt("Was the knob turned?")]
    await world.approves(run_id)
    await world.works()
    assert (await world.hears(asks.Abort(run_id))).did == "stopping"
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.reason) == (Status.ABORTED, "the knob was not turned")
    assert world.outside.fence > 0, "a request of a process that is gone may still be on its way"


def forget(world: World) -> None:
    """The catalogue no longer has the service."""
    world.catalogue = world.catalogue.model_copy(update={"services": {}})
    planner = Planner(world.catalogue, world.shelf, world.steps, world.source)
    world.engine = replace(world.engine, planner=planner)
    world.reception = replace(world.reception, catalogue=world.catalogue)


async def left_to_others(world: World) -> None:
    """The minute for which a process whose catalogue has the place could come."""
    for _ in range(2):
        world.later(seconds=60)
        await world.works()


GONE = "The catalogue has no api in production any more."


async def test_a_run_whose_place_is_gone_from_the_catalogue_ends_and_says_so(world: World) -> None:
    run_id = await turning(world)
    forget(world)
    await left_to_others(world)
    run = await world.run(run_id)
    assert (run.status, run.reason) == (
        Status.FAILED,
        f"{GONE} What came of “Turn the knob” is not known: look what stands where.",
    )


async def test_such_a_run_can_be_aborted(world: World) -> None:
    run_id = await turning(world)
    forget(world)
    assert (await world.hears(asks.Abort(run_id))).did == "stopping"
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.reason) == (
        Status.ABORTED,
        f"“Turn the knob” could not be ended: {GONE[:1].lower()}{GONE[1:]}",
    )


async def test_what_can_not_be_stored_of_an_outcome_does_not_hold_the_run(world: World) -> None:
    run_id = await world.at_the_gate()
    world.outside.answers = [Failed("bad \ud800 letter")]
    await world.approves(run_id)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.reason) == (Status.FAILED, "bad ? letter")
    world.outside.answers = [Done("fine", {"known_good": {"not": "one"}})]
    other = await world.at_the_gate()
    await world.approves(other)
    await world.works()
    outcome = (await world.run(other)).steps["knob"].outcome
    assert isinstance(outcome, InDoubt)
    assert "ValidationError" in outcome.question
