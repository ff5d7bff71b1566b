"""The Home's "What runs where": what runs, what was left there, and what is not as it is recorded."""

from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.releases.lag import Lag
from runbooks.releases.record import FallBehind
from runbooks.runs.state import Status
from tests.commands.test_home import part, seen_by
from tests.engine.test_way_back import failing, works_until_aborted
from tests.engine.world import ALEX, RILEY, World
from tests.tenants.conftest import onboarding
from tests.tenants.world import Onboarding

__all__ = ["onboarding"]  # a fixture

SINCE = "since <!date^1795514400^{date_short_pretty} {time}|24 Nov 2026 10:00 UTC>"
GOOD = f"last known good v1 `1111111`, {SINCE}"


async def places(world: World) -> list[str]:
    return part(await seen_by(world, RILEY), "What runs where")


async def test_a_rollback_that_was_aborted_before_its_first_change_leaves_what_the_deploy_left(world: World) -> None:
    run_id = await failing(world)
    back = run_id.replace("D-", "R-")
    await works_until_aborted(world, back, in_time=True)
    assert (await world.release()).left
    assert not (await world.run(back)).changed
    assert await places(world) == [f"*api production* · as {run_id} left it, which failed · {GOOD}"]


async def test_while_a_change_is_under_way_it_says_by_which_run(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate("v2")
    world.outside.answers = [ValueError("a fault of ours")]
    await world.approves(run_id)
    await world.works()
    assert (await world.run(run_id)).changed
    assert await places(world) == [f"*api production* · {run_id} is under way · {GOOD}"]


async def test_an_onboarding_that_was_aborted_after_its_tenant_went_live_left_nothing(onboarding: Onboarding) -> None:
    world, run_id = onboarding.world, await onboarding.at_the_gate()
    await world.approves(run_id, ALEX)
    await world.works()
    assert (await onboarding.tenant()).live
    await world.hears(asks.Abort(run_id), ALEX)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.changed) == (Status.ABORTED, True)
    assert await places(world) == [f"*api production* · runs its {GOOD}"]


async def test_what_is_not_as_it_is_recorded_is_said_with_its_finding(world: World) -> None:
    await world.adopted("v1")
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    behind = FallBehind(Lag.RUNS, "L-9.lkg-outdated", ("Deployment api runs v9, recorded is v1.",))
    await draft.apply("release/api/production", behind)
    await world.store.commit(draft.changes())
    assert await places(world) == [
        f"*api production* · {GOOD}",
        f"\u2003⚠️ what runs is not what is recorded, {SINCE}: L-9",
    ]
