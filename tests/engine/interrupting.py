"""A deploy that is in the middle of its work outside, and a holder that is killed there."""

import asyncio

import pytest

from runbooks.steps.base import Turn
from tests.engine.world import World


async def turning(world: World) -> str:
    """A deploy whose knob turns outside, looked at again each second."""
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.turning = True
    await world.works()
    return run_id


async def _die(turn: Turn) -> None:
    raise asyncio.CancelledError


async def killed(world: World, *, after_the_effect: bool = False) -> None:
    """A holder ends in the middle of a look, or right after its effect, and lets go of nothing; its lease lapses."""
    world.outside.before, world.outside.after = (None, _die) if after_the_effect else (_die, None)
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(asyncio.CancelledError):
        await world.engine.advance(lease)
    world.outside.before = world.outside.after = None
    world.later(seconds=11)
