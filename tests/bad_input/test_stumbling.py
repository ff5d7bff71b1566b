"""What goes wrong inside, in the middle of a run: it is told on the card, and nothing is lost or repeated by it."""

import pytest

from runbooks.runs.state import Status
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Unreachable
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX


async def approved(desk: Desk) -> str:
    """A deploy whose next act is its change."""
    run_id = await desk.world.at_the_gate("v2")
    await desk.clicks(await desk.card(run_id), "Approve", ALEX)
    return run_id


@pytest.mark.parametrize("when", ["before", "after"])
async def test_our_own_database_gone_for_a_moment_in_the_middle_of_a_change(desk: Desk, when: str) -> None:
    """A step that tells its progress meets the silence first; the run goes on from what the outside says."""
    run_id, failing = await approved(desk), True

    async def silent(_turn: object) -> None:
        nonlocal failing
        if failing:
            failing = False
            raise StoreUnavailable("the database did not answer")

    setattr(desk.world.outside, when, silent)
    lease = await desk.world.claim()
    assert lease is not None
    with pytest.raises(StoreUnavailable):
        await desk.world.engine.advance(lease)
    await desk.world.store.finish(lease, desk.world.now)

    await desk.world.works()

    assert (await desk.world.run(run_id)).status is Status.SUCCEEDED
    assert desk.world.outside.effects == [f"{run_id}/knob"]


async def test_an_outside_system_gone_for_a_moment_is_told_and_tried_again(desk: Desk) -> None:
    run_id = await approved(desk)
    desk.world.outside.answers = [Unreachable("The cluster main")]
    await desk.world.works()
    assert "The cluster main does not answer; trying again" in shown(await desk.card(run_id))
    desk.world.later(seconds=3)
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.SUCCEEDED
    assert desk.world.outside.effects == [f"{run_id}/knob"]


async def test_a_fault_of_ours_while_a_plan_is_made_ends_the_run_and_is_told(desk: Desk) -> None:
    desk.world.outside.stumbles = KeyError("values")
    run_id = await desk.world.deploys("v2")
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.FAILED
    assert (
        "❌ Opsbot stumbled over an unexpected KeyError while it made the plan; the log has the details. "
        "Nothing was changed."
    ) in shown(await desk.card(run_id))
    desk.world.outside.stumbles = None
    assert (await desk.types("/deploy api v2")).startswith("D-2 started"), "it holds nothing"
