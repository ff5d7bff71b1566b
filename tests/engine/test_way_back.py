"""People end things half-way, on the real store: what is raised, and who is told, in the same commit."""

import psycopg
import pytest

from runbooks.engine import asks
from runbooks.incidents.findings import Finding
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.store import LeaseLost
from runbooks.vocabulary import Failed
from tests.engine.world import ALEX, SAM, World
from tests.fixtures.store import StoreDatabase


async def finding(world: World, name: str) -> Finding:
    """The finding as it stands; without a name where none was raised."""
    found: Finding = (await world.store.read([f"finding/{name}"])).streams[f"finding/{name}"].state
    return found


async def works_until_aborted(world: World, run_id: str, *, in_time: bool = False) -> None:
    """Everything due is done; when this run's change begins, Alex aborts it, `in_time` before it changes anything."""

    async def aborted(turn: Turn) -> None:
        if turn.site.run == run_id:
            world.outside.before = None
            assert (await world.replica().hears(asks.Abort(run_id), ALEX)).did == "stopping"
            if in_time:
                raise LeaseLost("the abort took it")

    world.outside.before = aborted
    while (lease := await world.claim()) is not None:
        try:
            due = await world.engine.advance(lease)
        except LeaseLost:
            due = None
        await world.store.finish(lease, due)
    assert (await world.run(run_id)).status is Status.ABORTED


async def failing(world: World) -> str:
    """A deploy whose change will fail, so that production goes back by itself."""
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Failed("New pods crash.")]
    return run_id


async def test_an_aborted_rollback_is_raised_and_told_to_the_deploy_it_was_for(
    world: World, store_database: StoreDatabase
) -> None:
    run_id = await failing(world)
    back = run_id.replace("D-", "R-")
    await works_until_aborted(world, back)
    raised, first = await finding(world, f"{back}.rollback-aborted"), await finding(world, f"{run_id}.deploy-failed")
    assert (raised.severity, raised.offers_rollback) == ("S2", True)
    assert first.way_back is not None
    assert (first.way_back.run, first.way_back.status, first.way_back.by) == (back, "aborted", ALEX)
    assert (await world.run(run_id)).way_back == first.way_back
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        cursor = await connection.execute(
            "select distinct e.xmin::text from events e join streams s on s.name = e.stream and s.version = e.version"
            " where e.stream = any(%(ends)s)",
            {
                "ends": [
                    f"run/{run_id}",
                    f"run/{back}",
                    f"finding/{run_id}.deploy-failed",
                    f"finding/{back}.rollback-aborted",
                ]
            },
        )
        assert len(await cursor.fetchall()) == 1


async def test_after_an_aborted_rollback_its_button_goes_back(world: World) -> None:
    run_id = await failing(world)
    await works_until_aborted(world, run_id.replace("D-", "R-"))
    again = await world.rolls_back()
    await world.works()
    assert (await world.run(again.facts["run"])).status is Status.SUCCEEDED
    told = (await world.run(run_id)).way_back
    assert told is not None
    assert (told.run, told.stands) == (again.facts["run"], True)
    assert (await world.release()).left == ()


async def test_a_rollback_that_went_well_is_told_to_the_deploy_it_was_for(world: World) -> None:
    run_id = await failing(world)
    await world.works()
    told = (await world.run(run_id)).way_back
    assert told is not None
    assert (told.status, told.stands, told.version) == ("succeeded", True, "v1")
    assert (await finding(world, f"{run_id}.deploy-failed")).way_back == told


async def test_a_deploy_aborted_in_its_change_is_raised(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await works_until_aborted(world, run_id)
    raised = await finding(world, f"{run_id}.deploy-aborted")
    assert (raised.severity, raised.offers_rollback) == ("S2", True)
    assert "“Turn the knob” was under way: the knob was turned." in raised.what


async def test_a_deploy_aborted_before_its_change_did_anything_is_no_finding(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await works_until_aborted(world, run_id, in_time=True)
    run = await world.run(run_id)
    assert (run.reason, run.untouched, run.changed) == ("the knob was not turned", "knob", False)
    assert not (await finding(world, f"{run_id}.deploy-aborted")).name
    assert world.outside.effects == []
    assert (await world.release()).left == ()


async def test_a_rollback_aborted_before_it_did_anything_leaves_what_it_was_for(world: World) -> None:
    run_id = await failing(world)
    back = run_id.replace("D-", "R-")
    await works_until_aborted(world, back, in_time=True)
    raised = await finding(world, f"{back}.rollback-aborted")
    assert f"The rollback changed nothing: what {run_id} changed still stands in production." in raised.what
    told = (await world.run(run_id)).way_back
    assert told is not None
    assert told.changed is False


async def test_a_rollback_that_was_rejected_is_told_to_the_deploy_that_it_stopped(world: World) -> None:
    await world.adopted("v1")
    await world.adopted("v2")
    run_id = await world.at_the_gate("v3")
    await world.approves(run_id)
    stopped: list[asks.Reply] = []

    async def preempt(turn: Turn) -> None:
        world.outside.before = None
        stopped.append(await world.replica().rolls_back(ALEX, "v1"))

    world.outside.before = preempt
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(LeaseLost):
        await world.engine.advance(lease)
    await world.works()
    back = await world.run(stopped[0].facts["run"])
    assert (await world.hears(asks.Reject(back.id, back.digest), SAM)).did == "rejected"
    told = (await world.run(run_id)).way_back
    assert told is not None
    assert (told.run, told.status, told.by) == (back.id, "rejected", SAM)
    assert (await finding(world, f"{back.id}.rollback-not-approved")).severity == "S2"
