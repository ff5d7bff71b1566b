"""A tenant's onboarding as a whole: the shipped document, real commands, the real store and its rules."""

import pytest

from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.gates import Gate
from runbooks.incidents.findings import Finding
from runbooks.releases.decide import Adopt
from runbooks.runs.state import Status
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, known_good
from tests.tenants.world import ALL, Onboarding

V1 = "1" * 40


async def _release(onboarding: Onboarding, version: str) -> None:
    """Another release is known to run now."""
    world = onboarding.world
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    await draft.apply("release/api/production", Adopt(known_good(version), ALEX))
    await world.store.commit(draft.changes())


async def test_all_four_gates_an_approval_and_it_is_live(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    run = await onboarding.world.run(waiting)
    assert [run.evidence[gate]["report"]["gate"] for gate in ALL] == ALL
    assert (run.version, run.plan and run.plan.commit) == ("v1", V1)
    assert onboarding.live_rows == []

    run = await onboarding.approved(waiting)

    assert run.status is Status.SUCCEEDED
    assert onboarding.live_rows == [("api", "production", "acme", V1)]
    tenant = await onboarding.tenant()
    assert tenant.live is not None
    assert (tenant.live.run, tenant.live.approved_by) == (waiting, (ALEX,))


async def test_the_rows_refer_to_the_events_of_the_same_commit(onboarding: Onboarding) -> None:
    await onboarding.live()
    rows = onboarding.rows(
        "select gate, data::json ->> 'kind' from gate_passes join events using (stream, version) order by version"
    )
    assert rows == [(gate, "gate-passed") for gate in ALL]
    live = onboarding.rows("select data::json ->> 'kind' from tenants_live join events using (stream, version)")
    assert live == [("went-live",)]


@pytest.mark.parametrize("gate", ALL)
async def test_a_gate_that_fails_blocks_and_is_a_finding(onboarding: Onboarding, gate: str) -> None:
    onboarding.fails({"acme": {gate: "one row too many"}})
    run = await onboarding.goes_on(await onboarding.begins())
    assert (run.status, run.failed_step, run.finding) == (Status.FAILED, gate, "tenant-gate-failed")
    assert run.reason == f"{Gate(gate).called} failed: 1 of 1 check. contract: one row too many."
    name = f"finding/{run.id}.tenant-gate-failed"
    found: Finding = (await onboarding.world.store.read([name])).streams[name].state
    assert (found.severity, found.title) == ("S3", "Tenant onboarding gate failed")
    assert found.action == "Block go-live. Fix issues first."
    assert found.what == (f"{run.reason} Nothing was changed.",)
    assert not found.offers_rollback
    tenant = await onboarding.tenant()
    assert not tenant.gates[Gate(gate)].passed
    assert onboarding.live_rows == []


async def test_one_that_is_mended_goes_live_the_next_time(onboarding: Onboarding) -> None:
    onboarding.fails({"acme": {"golden-path": "no shift to plan"}})
    first = await onboarding.goes_on(await onboarding.begins())
    assert first.status is Status.FAILED
    onboarding.fails({"other": {"golden-path": "no shift to plan"}})
    await onboarding.live()
    assert onboarding.live_rows == [("api", "production", "acme", V1)]
    assert len(onboarding.rows("select * from gate_passes")) == 2 + 4


async def test_what_kept_it_out_is_mended_once_it_is_live(onboarding: Onboarding) -> None:
    onboarding.fails({"acme": {"golden-path": "no shift to plan"}, "other": {"golden-path": "no shift to plan"}})
    kept_out = [await onboarding.goes_on(await onboarding.begins(tenant)) for tenant in ("acme", "other")]
    onboarding.fails({})
    live = await onboarding.live()
    streams = [f"finding/{run.id}.tenant-gate-failed" for run in kept_out]
    snapshot = await onboarding.world.store.read(streams)
    mended = [snapshot.streams[name].state.mended for name in streams]
    assert mended == [f"acme went live with {live.id}: all 4 gates passed.", ""]


async def test_a_release_in_between_keeps_it_out_and_says_so(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    await _release(onboarding, "v2")
    run = await onboarding.approved(waiting)
    assert run.status is Status.FAILED
    assert run.reason == (
        "acme did not go live. The gates were passed on 1111111, and production is known to run 2222222 now. "
        "Run all 4 gates again on one release."
    )
    assert onboarding.live_rows == []


async def test_while_a_deploy_changes_the_place_nobody_goes_live(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    deploy = await onboarding.world.deploys("v2")
    run = await onboarding.approved(waiting)
    assert run.status is Status.FAILED
    assert run.reason == (
        f"acme did not go live. {deploy} is changing production just now. Try again when it has ended."
    )
    assert onboarding.live_rows == []


async def test_without_the_approvers_it_does_not_go_live(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    assert (await onboarding.world.approves(waiting, RILEY)).refused == "own-request"
    assert (await onboarding.world.approves(waiting, OUTSIDER)).refused == "not-allowed"
    await onboarding.world.works()
    assert (await onboarding.world.run(waiting)).waits_for_approval
    assert onboarding.live_rows == []


async def test_aborted_after_it_went_live_it_is_live_and_no_deploy_was_aborted(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    await onboarding.world.approves(waiting)
    await onboarding.world.works()
    assert len(onboarding.live_rows) == 1
    await onboarding.world.hears(asks.Abort(waiting))
    await onboarding.world.works()
    assert (await onboarding.world.run(waiting)).status is Status.ABORTED
    assert onboarding.rows("select name from streams where name like 'finding/%'") == []
    assert len(onboarding.live_rows) == 1


async def test_its_good_end_promotes_no_release(onboarding: Onboarding) -> None:
    before = await onboarding.world.release()
    await onboarding.live()
    assert await onboarding.world.release() == before


async def test_a_tenant_that_is_live_is_not_begun_again(onboarding: Onboarding) -> None:
    run = await onboarding.live()
    again = await onboarding.world.hears(asks.Onboard("acme", "api"))
    assert (again.refused, again.facts["run"], again.facts["tenant"]) == ("live-already", run.id, "acme")


async def test_one_run_at_a_time_for_each_tenant(onboarding: Onboarding) -> None:
    first = await onboarding.begins()
    again = await onboarding.world.hears(asks.Onboard("acme", "api"), SAM)
    assert (again.refused, again.facts["run"], again.facts["tenant"]) == ("busy", first, "acme")
    assert await onboarding.begins("other") != first


async def test_onboarding_and_deploys_do_not_wait_for_each_other_before_the_go_live(onboarding: Onboarding) -> None:
    await onboarding.world.deploys("v2")
    await onboarding.at_the_gate()


@pytest.mark.parametrize("code", ["../x", "a;b", "a" * 300, "Acme", "acme'--", "tenant/x", "", "a\x00b"])
async def test_what_is_no_tenants_code_is_refused_and_nothing_is_recorded(onboarding: Onboarding, code: str) -> None:
    reply = await onboarding.world.hears(asks.Onboard(code, "api"))
    assert (reply.refused, reply.facts) == ("not-a-tenant", {"name": code})
    assert onboarding.rows("select key from inbox") == []


async def test_who_may_not_deploy_may_not_onboard(onboarding: Onboarding) -> None:
    reply = await onboarding.world.hears(asks.Onboard("acme", "api"), OUTSIDER)
    assert (reply.refused, reply.facts["doing"]) == ("not-allowed", "onboard")


async def test_a_service_without_the_command_is_told_at_once(onboarding: Onboarding) -> None:
    service = onboarding.world.catalogue.services["api"].model_copy(update={"onboarding": None})
    onboarding.world.catalogue = onboarding.world.catalogue.model_copy(update={"services": {"api": service}})
    onboarding.use()
    assert (await onboarding.world.hears(asks.Onboard("acme", "api"))).refused == "no-onboarding"


async def test_the_same_gesture_begins_it_once(onboarding: Onboarding) -> None:
    ask = asks.Onboard("acme", "api")
    replies = [await onboarding.world.hears(ask, key="one") for _ in range(2)]
    assert replies[0] == replies[1]
    assert len(onboarding.rows("select name from streams where name like 'run/%'")) == 1


async def _rolled_back(onboarding: Onboarding, version: str) -> str:
    """People took the place back to an older release than the one of record."""
    world = onboarding.world
    run = str((await world.rolls_back(ALEX, version)).facts["run"])
    await world.works()
    await world.approves(run, SAM)
    await world.works()
    assert world.outside.knob == version
    return run


async def test_while_an_older_release_runs_than_the_one_of_record_nobody_is_taken_in(onboarding: Onboarding) -> None:
    await onboarding.world.adopted("v0")
    await onboarding.world.adopted("v1")
    waiting = await onboarding.at_the_gate()
    await _rolled_back(onboarding, "v0")
    reply = await onboarding.world.hears(asks.Onboard("other", "api"))
    why = "production does not run its last known good, v1."
    assert (reply.refused, reply.facts["why"]) == ("not-ready-to-go-live", why)
    run = await onboarding.approved(waiting)
    assert (run.status, run.reason) == (Status.FAILED, f"acme did not go live. {why}")
    assert onboarding.live_rows == []


async def test_once_the_release_of_record_runs_again_tenants_are_taken_in(onboarding: Onboarding) -> None:
    await onboarding.world.adopted("v0")
    await onboarding.world.adopted("v1")
    by_hand = await _rolled_back(onboarding, "v0")
    name = f"finding/{by_hand}.lkg-outdated"
    found: Finding = (await onboarding.world.store.read([name])).streams[name].state
    assert found.what[0] == f"{by_hand} went back to v0 0000000, and the last known good is still v1 1111111."
    await _rolled_back(onboarding, "v1")
    await onboarding.live()
    found = (await onboarding.world.store.read([name])).streams[name].state
    assert found.mended.endswith("brought v1 back, as it is recorded.")


async def test_after_a_failed_deploy_that_nobody_took_back_nobody_is_taken_in(onboarding: Onboarding) -> None:
    await failing_and_left(onboarding)
    reply = await onboarding.world.hears(asks.Onboard("acme", "api"))
    assert reply.refused == "not-ready-to-go-live"
    assert str(reply.facts["why"]).endswith("changed in production stands, and nothing has taken it back.")


async def failing_and_left(onboarding: Onboarding) -> None:
    """A deploy that was ended half-way."""
    world = onboarding.world
    run = await world.at_the_gate("v2")
    world.outside.turning = True
    await world.approves(run)
    await world.works()
    await world.hears(asks.Abort(run))
    await world.works()
    assert (await world.release()).left == (run,)
