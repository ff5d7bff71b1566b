"""An emergency rollback through the engine: what it stops, what it goes back to, and who may ask for it."""

import psycopg
import pytest

from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.store import LeaseLost
from runbooks.vocabulary import Done, Failed, Outcome
from tests.engine.interrupting import turning
from tests.engine.knob import TakeOver
from tests.engine.world import ALEX, RILEY, SAM, World, known_good, work
from tests.fixtures.store import StoreDatabase


async def test_an_emergency_rollback_preempts_a_running_deploy(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    stopped: list[asks.Reply] = []

    async def preempt(turn: Turn) -> None:
        world.outside.before = None
        stopped.append(await world.replica().rolls_back())

    world.outside.before = preempt
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(LeaseLost):
        await world.engine.advance(lease)
    assert (stopped[0].did, stopped[0].facts["stopped"]) == ("started", [run_id])
    assert await world.store.leased(work(run_id)), "the old holder may still be at it"
    await world.works()
    old, new = await world.run(run_id), await world.run(stopped[0].facts["run"])
    assert (old.status, old.successor, old.notes) == (Status.SUPERSEDED, new.id, ("the knob was turned",))
    assert (new.status, world.outside.knob) == (Status.SUCCEEDED, "v1")
    assert new.steps["take-over"].outcome == Done("the knob was turned", {run_id: "the knob was turned"})


class Denied(TakeOver):
    """The cluster will not let it."""

    async def start(self, turn: Turn) -> Outcome:
        return Failed("The cluster main refused it.")


async def test_what_a_failed_take_over_did_not_end_the_next_rollback_takes_over(world: World) -> None:
    await world.adopted("v1")
    run_id = await turning(world)
    world.outside.turning = False
    world.steps["take-over"] = Denied(world.steps)
    refused = [await world.rolls_back(), await world.works(), await world.rolls_back(), await world.works()]
    world.steps["take-over"] = TakeOver(world.steps)
    reply = await world.rolls_back()
    await world.works()
    assert [each.facts["stopped"] for each in (refused[0], refused[2], reply) if each] == [[run_id], [], []]
    new = await world.run(reply.facts["run"])
    assert (new.supersedes, new.status) == ((run_id,), Status.SUCCEEDED)
    assert new.steps["take-over"].outcome == Done("the knob was not turned", {run_id: "the knob was not turned"})
    assert (await world.run(run_id)).notes == ("the knob was not turned",)
    assert (await world.run(str((await world.rolls_back(version="v1")).facts["run"]))).supersedes == ()


async def test_superseding_is_one_commit(world: World, store_database: StoreDatabase) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    reply = await world.rolls_back()
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        cursor = await connection.execute(
            "select e.xmin::text from events e join streams s on s.name = e.stream and s.version = e.version"
            " where e.stream = %(old)s"
            " union select xmin::text from events where stream = %(new)s and version = 1"
            " union select xmin::text from reservations where stream = %(new)s",
            {"old": f"run/{run_id}", "new": f"run/{reply.facts['run']}"},
        )
        assert len(await cursor.fetchall()) == 1


async def test_a_rollback_is_not_preempted_and_a_second_click_starts_nothing(world: World) -> None:
    await world.adopted("v1")
    assert (await world.rolls_back()).did == "started"
    again = await world.rolls_back(SAM)
    assert again.refused == "rolling-back-already"


async def test_one_who_may_not_roll_back_does_not(world: World) -> None:
    await world.adopted("v1")
    assert (await world.rolls_back(RILEY)).refused == "not-allowed"


async def test_a_confirmation_counts_for_what_was_shown(world: World) -> None:
    await world.adopted("v1")
    shown = target_digest(known_good("v1"))
    await world.adopted("v2")
    assert (await world.hears(asks.RollBack("api", "", "", shown), ALEX)).refused == "confirmation-stale"


async def test_another_version_than_the_last_known_good_needs_approval(world: World) -> None:
    await world.adopted("v1")
    await world.adopted("v2")
    reply = await world.rolls_back(ALEX, "v1")
    await world.works()
    run = await world.run(reply.facts["run"])
    assert (run.waits_for_approval, world.outside.effects) == (True, [])
    await world.approves(run.id, SAM)
    await world.works()
    assert (await world.run(run.id)).status is Status.SUCCEEDED


async def test_nothing_to_go_back_to_is_said(world: World) -> None:
    assert (await world.rolls_back()).refused == "no-known-good"
    await world.adopted("v1")
    assert (await world.hears(asks.RollBack("api", "", "v7", "x"), ALEX)).refused == "never-good"
