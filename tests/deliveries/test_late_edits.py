"""An edit that is still on its way when another is made: the newer state stands in the end, whoever made which."""

import asyncio

import pytest

from bot.adapters.postgres.pool import Pool
from bot.deliveries import LATE
from sandbox.slack import Fault, Kind, LocalSlack
from tests.deliveries.desk import Desk, desk_of
from tests.engine.world import World

pytestmark = pytest.mark.slack
OLD, NEW = "Waits for 1 line to be ticked", "Waits for 1 approval"


async def overtaken(desk: Desk, other: Desk) -> None:
    """`other`, which has not let go, edits late what the desk edits meanwhile."""
    run_id = await desk.world.deploys()
    await desk.deliver()
    await desk.world.works()
    desk.world.later(seconds=2)
    desk.slack.proxy.inject(Fault("chat.update", Kind.DELAY, seconds=1))
    lease = await desk.world.store.claim(["messages"])
    assert lease is not None
    editing = asyncio.create_task(other.deliveries.deliver(lease))
    [late] = await desk.slack.journal.until(lambda: desk.slack.journal.calls("chat.update"))
    editing.cancel()
    await asyncio.gather(editing, return_exceptions=True)
    await desk.world.ticks(run_id)
    await desk.world.works()
    desk.world.later(seconds=60)
    await desk.deliver()
    assert NEW in (await desk.seen())[0].shown
    await desk.slack.journal.until(lambda: late.status)


async def test_one_of_a_process_that_is_gone(desk: Desk, store_pool: Pool, local_slack: LocalSlack) -> None:
    await overtaken(desk, desk_of(desk.world, local_slack, store_pool))
    assert OLD in (await desk.seen())[0].shown
    desk.world.later(seconds=LATE.total_seconds())
    await desk.deliver()
    assert NEW in (await desk.seen())[0].shown


async def test_it_is_not_forgotten_where_the_next_process_goes_too(
    desk: Desk, store_pool: Pool, local_slack: LocalSlack
) -> None:
    await overtaken(desk, desk_of(desk.world, local_slack, store_pool))
    third = desk_of(desk.world, local_slack, store_pool)
    for _ in range(2):
        desk.world.later(seconds=LATE.total_seconds())
        await third.deliver()
    assert NEW in (await desk.seen())[0].shown
    edits = len(desk.slack.journal.calls("chat.update"))
    desk.world.later(seconds=3600)
    await third.deliver()
    assert len(desk.slack.journal.calls("chat.update")) == edits


async def test_one_that_nobody_answered(desk: Desk, world: World) -> None:
    """It is given up after two seconds here, and done after three."""
    await world.deploys()
    await desk.deliver()
    await world.works()
    world.later(seconds=2)
    desk.slack.proxy.inject(Fault("chat.update", Kind.DELAY, seconds=3))
    await desk.deliver()
    [late] = desk.slack.journal.calls("chat.update")
    assert not late.status
    run_id = (await world.store.latest("run/", 1))[0][1].id
    await world.ticks(run_id)
    await world.works()
    world.later(seconds=4)
    await desk.deliver()
    assert NEW in (await desk.seen())[0].shown
    await desk.slack.journal.until(lambda: late.status)
    assert OLD in (await desk.seen())[0].shown
    world.later(seconds=LATE.total_seconds())
    await desk.deliver()
    assert NEW in (await desk.seen())[0].shown


async def test_the_end_of_one_doubt_is_not_that_of_a_newer_one(
    desk: Desk, store_pool: Pool, local_slack: LocalSlack
) -> None:
    """The desk doubts what a process did that is gone, and meanwhile nobody answers another one."""
    other = desk_of(desk.world, local_slack, store_pool)
    await overtaken(desk, other)
    desk.world.later(seconds=LATE.total_seconds() - 5)
    run_id = (await desk.world.store.latest("run/", 1))[0][1].id
    await desk.world.approves(run_id)
    desk.slack.proxy.inject(Fault("chat.update", Kind.DELAY, seconds=3))
    await other.deliver()
    late = desk.slack.journal.calls("chat.update")[-1]
    assert not late.status
    await desk.world.works()
    desk.world.later(seconds=6)
    await desk.deliver()
    assert "✅ Done" in (await desk.seen())[0].shown
    await desk.slack.journal.until(lambda: late.status)
    assert "✅ Done" not in (await desk.seen())[0].shown
    desk.world.later(seconds=LATE.total_seconds())
    await desk.deliver()
    assert "✅ Done" in (await desk.seen())[0].shown
