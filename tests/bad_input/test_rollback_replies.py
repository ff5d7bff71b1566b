"""What who confirms an emergency rollback is told: what it waits for, and what was stopped for it."""

from tests.bad_input.desk import Desk
from tests.engine.world import ALEX


async def test_one_that_needs_an_approval_says_so_and_what_was_stopped_already(desk: Desk) -> None:
    await desk.world.adopted("v1")
    await desk.world.adopted("v2")
    run_id = await desk.world.at_the_gate("v3")
    said = await desk.clicks(await desk.offered("/rollback api to v1"), "Roll back now", ALEX)
    assert said == (
        True,
        "R-2 started: api in production goes back to v1 once @sre has approved it. "
        f"Stopped for it: {run_id}; what that changed stays until then.",
    )


async def test_one_that_goes_at_once_says_no_more(desk: Desk) -> None:
    await desk.world.adopted("v1")
    said = await desk.clicks(await desk.offered("/rollback api"), "Roll back now", ALEX)
    assert said == (True, "R-1 started: api in production goes back to v1.")
