"""A deploy through the engine on the real store: requests and their replies, approvals, the end it comes to."""

import asyncio
from datetime import timedelta

import pytest

from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.store import LeaseLost
from runbooks.vocabulary import Failed
from tests.engine.world import ALEX, OUTSIDER, SAM, World


async def test_a_deploy_ends_as_the_last_known_good(world: World) -> None:
    run_id = await world.at_the_gate()
    assert (await world.approves(run_id)).did == "approved"
    await world.works()
    run = await world.run(run_id)
    assert (run.status, world.outside.effects) == (Status.SUCCEEDED, [f"{run_id}/knob"])
    release = await world.release()
    assert release.known_good is not None
    assert (release.known_good.version, release.candidate) == ("v2", None)


async def test_it_is_only_a_candidate_until_the_run_has_ended_well(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Failed("no")]
    await world.works()
    assert (await world.run(run_id)).status is Status.FAILED
    assert (await world.release()).known_good is None


async def test_a_failed_deploy_goes_back_by_itself_in_the_same_commit(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Failed("New pods crash.")]
    await world.works()
    back = run_id.replace("D-", "R-")
    run, finding = await world.run(back), await world.store.read([f"finding/{run_id}.deploy-failed"])
    assert (run.status, run.version, run.because) == (Status.SUCCEEDED, "v1", run_id)
    assert world.outside.knob == "v1"
    raised = finding.streams[f"finding/{run_id}.deploy-failed"].state
    assert (raised.severity, raised.rolls_back, raised.action) == ("S2", back, "Execute rollback. Create incident.")


async def test_the_same_gesture_moves_a_run_once_and_gets_the_same_reply(world: World) -> None:
    replies = await asyncio.gather(
        *(world.hears(asks.Deploy("api", "v2"), key="slack/trigger-1") for _ in range(8)),
        *(world.replica().hears(asks.Deploy("api", "v2"), key="slack/trigger-1") for _ in range(8)),
    )
    assert len({reply.facts["run"] for reply in replies}) == 1
    assert {reply.did for reply in replies} == {"started"}


async def test_a_refusal_is_repeated_too(world: World) -> None:
    first = await world.hears(asks.Deploy("api", "v2"), OUTSIDER, key="slack/trigger-2")
    world.members.groups["developers"].add(OUTSIDER)
    again = await world.hears(asks.Deploy("api", "v2"), OUTSIDER, key="slack/trigger-2")
    assert first == again
    assert first.refused == "not-allowed"


async def test_two_deploys_at_once_are_one_and_a_refusal_that_names_it(world: World) -> None:
    replies = await asyncio.gather(*(world.hears(asks.Deploy("api", f"v{n}")) for n in range(1, 6)))
    started = [r for r in replies if r.did == "started"]
    assert len(started) == 1
    busy = [r for r in replies if r.refused == "busy"]
    assert len(busy) == 4
    assert {r.facts["run"] for r in busy} == {started[0].facts["run"]}


async def test_unknown_names_are_answered_with_the_nearest(world: World) -> None:
    service = await world.hears(asks.Deploy("apo", "v2"))
    assert (service.refused, service.facts["nearest"]) == ("unknown-service", "api")
    place = await world.hears(asks.Deploy("api", "v2", "prodution"))
    assert (place.refused, place.facts["nearest"]) == ("unknown-environment", "production")


async def test_a_lock_holds_deploys_until_it_is_released(world: World) -> None:
    assert (await world.hears(asks.Lock("api", "", "the market is open"))).did == "locked"
    refused = await world.hears(asks.Deploy("api", "v2"))
    assert (refused.refused, refused.facts["why"]) == ("locked", "the market is open")
    assert (await world.hears(asks.Lock("api", "", "again"))).refused == "locked-already"
    assert (await world.hears(asks.Unlock("api", ""))).did == "unlocked"
    await world.deploys()


async def test_membership_that_cannot_be_known_denies(world: World) -> None:
    world.members.silent = True
    assert (await world.hears(asks.Deploy("api", "v2"))).refused == "membership-unknown"


async def test_an_approver_who_left_the_group_meanwhile_does_not_count(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.members.groups["sre"].discard(ALEX)
    await world.works()
    run = await world.run(run_id)
    assert (run.waits_for_approval, world.outside.effects) == (True, [])
    await world.approves(run_id, SAM)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


async def test_a_branch_that_moved_after_the_approval_voids_it(world: World) -> None:
    run_id = await world.at_the_gate()
    old = (await world.run(run_id)).digest
    await world.approves(run_id)
    world.source.moved["v2"] = "f" * 40
    await world.works()
    await world.ticks(run_id)
    await world.works()
    run = await world.run(run_id)
    assert (run.waits_for_approval, run.difference, world.outside.effects) == (
        True,
        ("commit 2222222 is now fffffff", "to be done again: Told everybody"),
        [],
    )
    stale = await world.hears(asks.Approve(run_id, old), SAM)
    assert stale.refused == "plan-changed"


async def test_nobody_approved_in_time(world: World) -> None:
    run_id = await world.at_the_gate()
    world.later(minutes=31)
    await world.works()
    assert (await world.run(run_id)).status is Status.EXPIRED
    late = await world.approves(run_id)
    assert (late.refused, world.outside.effects) == ("moved-on", [])
    await world.deploys()


async def test_a_deploy_whose_plan_is_in_the_making_can_be_aborted(world: World) -> None:
    run_id = await world.deploys()
    world.source.silent = True
    await world.works()
    assert (await world.hears(asks.Abort(run_id))).did == "stopping"
    world.later(seconds=4)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.plan, run.reason) == (Status.ABORTED, None, "")


async def test_abort_ends_the_interrupted_step_before_the_run(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)

    async def aborted(turn: Turn) -> None:
        world.outside.before = None
        assert (await world.replica().hears(asks.Abort(run_id))).did == "stopping"
        busy = await world.replica().hears(asks.Deploy("api", "v3"))
        assert busy.refused == "busy", "the targets are not free before the step was ended"

    world.outside.before = aborted
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(LeaseLost):
        await world.engine.advance(lease)
    await world.store.finish(lease, None)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.reason) == (Status.ABORTED, "the knob was turned")
    await world.deploys("v3")


async def test_a_wait_costs_no_events(world: World) -> None:
    run_id = await world.at_the_gate()
    before = len(await world.store.history(f"run/{run_id}"))
    for _ in range(5):
        world.later(minutes=5)
        await world.works()
    assert len(await world.store.history(f"run/{run_id}")) == before
    assert (await world.run(run_id)).waiting_since == world.now - timedelta(minutes=25)
