"""A process that stood still past its lease: that its change was refused stands on the run's card."""

import asyncio

import pytest

from runbooks.steps.base import Turn
from runbooks.vocabulary import Fenced
from tests.engine.world import World

TOLD = "“Turn the knob” came too late from a process that had stood still: the knob has another holder."


async def test_a_refusal_after_the_lease_is_told_and_moves_nothing(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    sent = asyncio.Event()

    async def overtaken(turn: Turn) -> None:
        sent.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cut:
            raise cut from Fenced("the knob has another holder")

    world.outside.before = overtaken
    working = asyncio.create_task(world.works())
    await sent.wait()
    back = (await world.rolls_back()).facts["run"]
    before = await world.run(run_id)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    after = await world.run(run_id)
    assert after.notes == (*before.notes, TOLD)
    assert (after.status, after.steps) == (before.status, before.steps)
    assert (await world.run(back)).notes == ()
