"""A run whose place leaves the catalogue: its card, and the thread below it, still tell how it ended."""

from dataclasses import replace

import pytest

from runbooks.runs.state import Status
from sandbox.slack import Message
from tests.deliveries.desk import Desk
from tests.engine.test_stopped_midway import left_to_others

pytestmark = pytest.mark.slack


async def without_its_place(desk: Desk) -> Desk:
    """The process starts again, and the catalogue has no such service any more."""
    none = desk.deliveries.catalogue.model_copy(update={"services": {}})
    desk.world.catalogue = none
    desk.world.use(desk.world.store)
    return replace(desk, deliveries=replace(desk.deliveries, catalogue=none))


async def ended(desk: Desk, run_id: str) -> list[Message]:
    """All that stands in Slack once the run has ended."""
    await left_to_others(desk.world)
    await desk.deliver()
    assert (await desk.world.run(run_id)).status is Status.FAILED
    return await desk.seen()


async def test_its_card_tells_how_it_ended(desk: Desk) -> None:
    run_id = await desk.world.at_the_gate()
    await desk.deliver()
    await desk.world.approves(run_id)
    card, *thread = await ended(await without_its_place(desk), run_id)
    assert "The catalogue has no api in production any more." in card.shown
    assert {m.thread_ts for m in thread} == {card.ts}
    assert "did not go on: The catalogue has no api in production any more." in thread[-1].shown


async def test_a_card_that_never_stood_anywhere_is_not_posted(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    assert await ended(await without_its_place(desk), run_id) == []
