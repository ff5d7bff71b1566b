"""What does not answer, dies or is overtaken in the middle of a step: settled, told, and never done twice."""

from dataclasses import replace

import pytest

from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.store import LeaseLost
from runbooks.vocabulary import Done, InDoubt, Unreachable
from tests.engine.interrupting import killed, turning
from tests.engine.world import World


async def test_a_source_that_does_not_answer_is_waited_for_and_said(world: World) -> None:
    world.source.silent = True
    run_id = await world.deploys()
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.notes) == (Status.PLANNING, ("The source repository does not answer; trying again.",))
    world.source.silent = False
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.RUNNING


async def test_a_target_that_does_not_answer_is_settled_not_repeated(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)

    async def lost(turn: Turn) -> None:
        raise Unreachable("The cluster main")

    world.outside.after = lost
    await world.works()
    assert (await world.run(run_id)).steps["knob"].progress == "The cluster main does not answer; trying again"
    world.outside.after = None
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]


async def test_a_stumble_in_a_step_that_changes_asks_a_person(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [ValueError("a fault of ours")]
    await world.works()
    outcome = (await world.run(run_id)).steps["knob"].outcome
    assert isinstance(outcome, InDoubt)
    assert "ValueError" in outcome.question
    await world.hears(asks.Answer(run_id, "knob", "again"))
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


async def test_a_crash_between_effect_and_record_is_not_an_effect_twice(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await killed(world, after_the_effect=True)
    other = world.replica()
    await other.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]


async def test_a_crash_while_a_step_goes_on_outside_is_told_once_for_each_holder(world: World) -> None:
    run_id = await turning(world)
    said = "“Turn the knob” was interrupted and taken up again"
    for notes in ((f"{said}.",), (f"{said}.", f"{said}, 2 times by now.")):
        world.later(seconds=1)
        await killed(world)
        for _ in range(3):  # who took it up looks more than once
            await world.works()
            world.later(seconds=1)
        assert (await world.run(run_id)).notes == notes


async def test_a_holder_that_let_go_was_not_interrupted(world: World) -> None:
    run_id = await turning(world)
    for _ in range(3):
        world.later(seconds=2)
        await world.replica().works()
    assert (await world.run(run_id)).notes == ()


async def test_a_time_in_which_nobody_looked_is_told(world: World) -> None:
    run_id = await turning(world)
    world.later(seconds=31)
    await world.works()
    notes = ("Watching “Turn the knob” was interrupted and taken up again after 30 s.",)
    assert (await world.run(run_id)).notes == notes


async def test_a_holder_that_lost_its_lease_records_nothing(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    other = world.replica()

    async def overtaken(turn: Turn) -> None:
        world.outside.before = None
        world.later(seconds=11)
        other.now = world.now
        taken = await world.claim()
        assert taken is not None

    world.outside.before = overtaken
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(LeaseLost):
        await world.engine.advance(lease)
    assert (await world.run(run_id)).steps["knob"].outcome is None


async def test_a_process_that_is_ending_leaves_what_it_has_not_begun_to_others(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    other, world.engine = world.replica(), replace(world.engine, ending=lambda: True)
    lease = await world.claim()
    assert lease is not None
    while not world.outside.effects:
        assert await world.engine.advance(lease) == world.now, "due for others"
    await world.store.finish(lease, world.now)
    assert isinstance((await world.run(run_id)).steps["knob"].outcome, Done)
    assert "keep" not in (await world.run(run_id)).steps
    await other.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]
