"""How often a request asks the database before it is answered: each time costs what the network costs."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.engine.turns import Turns
from runbooks.steps.base import Turn
from sandbox.far import FarDatabase
from tests.engine.world import ALEX, RILEY, World

MOST = 4
MOST_BEFORE_A_CHANGE = 14  # from the claim on: for the plan, the take-over, the whole plan, the intent


async def _deploy(_: World) -> asks.Ask:
    return asks.Deploy("api", "v2")


async def _refused(world: World) -> asks.Ask:
    await world.deploys()
    return asks.Deploy("api", "v3")


async def _tick(world: World) -> asks.Ask:
    run = await world.deploys()
    await world.works()
    return asks.Answer(run, "told-everybody", "done")


async def _approve(world: World) -> asks.Ask:
    run = await world.at_the_gate()
    return asks.Approve(run, (await world.run(run)).digest)


async def _reject(world: World) -> asks.Ask:
    run = await world.at_the_gate()
    return asks.Reject(run, (await world.run(run)).digest)


async def _abort(world: World) -> asks.Ask:
    return asks.Abort(await world.at_the_gate())


async def _lock(_: World) -> asks.Ask:
    return asks.Lock("api", "production", "made up")


async def _declare(_: World) -> asks.Ask:
    return asks.Declare("api", "production", "It is slow")


async def _resolve(world: World) -> asks.Ask:
    reply = await world.hears(await _declare(world), ALEX)
    return asks.Resolve(str(reply.facts["incident"]), "It was the disk")


async def _planned(_: World) -> asks.Ask:
    return asks.PlanRollBack("api", "production")


async def _back(world: World) -> asks.Ask:
    good = (await world.release()).known_good
    assert good
    return asks.RollBack("api", "production", "", target_digest(good))


async def _back_from_a_deploy_that_changes(world: World) -> asks.Ask:
    await world.approves(await world.at_the_gate())
    world.outside.turning = True
    await world.works()
    return await _back(world)


async def _back_in_a_declared_incident(world: World) -> asks.Ask:
    await world.hears(await _declare(world), ALEX)
    return await _back_from_a_deploy_that_changes(world)


ASKED: dict[str, tuple[Callable[[World], Awaitable[asks.Ask]], str]] = {
    "deploy": (_deploy, "started"),
    "deploy, refused": (_refused, ""),
    "tick": (_tick, "answered"),
    "approve": (_approve, "approved"),
    "reject": (_reject, "rejected"),
    "abort": (_abort, "stopping"),
    "lock": (_lock, "locked"),
    "declare": (_declare, "opened"),
    "resolve": (_resolve, "resolved"),
    "planned rollback": (_planned, "planned"),
    "rollback": (_back, "started"),
    "rollback that stops a deploy": (_back_from_a_deploy_that_changes, "started"),
    "rollback that stops a deploy, in a declared incident": (_back_in_a_declared_incident, "started"),
}


@pytest.mark.parametrize("name", ASKED)
async def test_at_most_four_round_trips_before_the_answer(far: World, way: FarDatabase, name: str) -> None:
    prepare, did = ASKED[name]
    await far.adopted("v1")
    ask = await prepare(far)
    before = way.round_trips
    reply = await far.hears(ask, RILEY if name in ("deploy", "deploy, refused", "tick", "abort") else ALEX)
    assert (reply.did, bool(reply.refused)) == (did, not did), reply
    assert 2 <= way.round_trips - before <= MOST


async def test_what_stopped_runs_were_amid_is_read_in_one_round_trip(far: World, way: FarDatabase) -> None:
    await far.adopted("v1")
    run = await far.run(await far.at_the_gate())
    assert run.plan
    stopped = tuple(f"D-{number}" for number in range(100, 103))
    turns = Turns(far.reception.store, far.engine.planner, lambda: far.now)
    before = way.round_trips
    await turns.of(replace(run, supersedes=stopped), run.plan.steps[0], 1)
    assert way.round_trips - before == 1


async def test_a_rollback_asks_seldom_before_it_changes_anything(far: World, way: FarDatabase) -> None:
    """Each time the holder asks is time in which production is broken."""
    await far.adopted("v1")
    await far.rolls_back()
    asked: list[int] = []

    async def changes(turn: Turn) -> None:
        asked.append(way.round_trips - before)

    far.outside.before = changes
    lease = await far.claim()
    assert lease is not None
    before = way.round_trips
    await replace(far.engine, store=far.reception.store).advance(lease)
    assert 0 < asked[0] <= MOST_BEFORE_A_CHANGE
