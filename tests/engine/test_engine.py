"""One deploy and one rollback through the engine on the real store: what people see, and what outsiders count."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.store import LeaseLost
from runbooks.vocabulary import Actor, Done, Failed, InDoubt, Unreachable
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, World, known_good, work
from tests.fixtures.store import StoreDatabase


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
    run = await world.run(run_id)
    assert (run.waits_for_approval, run.difference, world.outside.effects) == (
        True,
        ("commit 2222222 is now fffffff",),
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


async def test_a_source_that_does_not_answer_is_waited_for_and_said(world: World) -> None:
    world.source.silent = True
    run_id = await world.deploys()
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.notes) == (Status.PLANNING, ("The source repository does not answer; trying again.",))
    world.source.silent = False
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.RUNNING


async def test_a_target_that_does_not_answer_is_settled_not_repeated(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)

    async def lost(turn: Turn) -> None:
        raise Unreachable("The cluster main")

    world.outside.after = lost
    await world.works()
    assert (await world.run(run_id)).steps["knob"].progress == "The cluster main does not answer; trying again"
    world.outside.after = None
    world.later(seconds=4)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]


async def test_a_stumble_in_a_step_that_changes_asks_a_person(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [ValueError("a fault of ours")]
    await world.works()
    outcome = (await world.run(run_id)).steps["knob"].outcome
    assert isinstance(outcome, InDoubt)
    assert "ValueError" in outcome.question
    await world.hears(asks.Answer(run_id, "knob", "again"))
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


async def test_a_crash_between_effect_and_record_is_not_an_effect_twice(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)

    async def die(turn: Turn) -> None:
        raise asyncio.CancelledError

    world.outside.after = die
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(asyncio.CancelledError):
        await world.engine.advance(lease)
    world.outside.after = None
    world.later(seconds=11)
    other = world.replica()
    await other.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    assert world.outside.effects == [f"{run_id}/knob"]


async def going_on(world: World) -> str:
    """A deploy whose knob turns outside, looked at again each second."""
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.turning = True
    await world.works()
    return run_id


async def killed(world: World) -> None:
    """A holder ends in the middle of a look, and lets go of nothing."""

    async def die(turn: Turn) -> None:
        raise asyncio.CancelledError

    world.outside.before = die
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(asyncio.CancelledError):
        await world.engine.advance(lease)
    world.outside.before = None
    world.later(seconds=11)


async def test_a_crash_while_a_step_goes_on_outside_is_told_once_for_each_holder(world: World) -> None:
    run_id = await going_on(world)
    said = "“Turn the knob” was interrupted and taken up again"
    for notes in ((f"{said}.",), (f"{said}.", f"{said}, 2 times by now.")):
        world.later(seconds=1)
        await killed(world)
        for _ in range(3):  # who took it up looks more than once
            await world.works()
            world.later(seconds=1)
        assert (await world.run(run_id)).notes == notes


async def test_a_holder_that_let_go_was_not_interrupted(world: World) -> None:
    run_id = await going_on(world)
    for _ in range(3):
        world.later(seconds=2)
        await world.replica().works()
    assert (await world.run(run_id)).notes == ()


async def test_a_time_in_which_nobody_looked_is_told(world: World) -> None:
    run_id = await going_on(world)
    world.later(seconds=31)
    await world.works()
    notes = ("Watching “Turn the knob” was interrupted and taken up again after 30 s.",)
    assert (await world.run(run_id)).notes == notes


async def test_a_deploy_whose_plan_is_in_the_making_can_be_aborted(world: World) -> None:
    run_id = await world.deploys()
    world.source.silent = True
    await world.works()
    assert (await world.hears(asks.Abort(run_id))).did == "stopping"
    world.later(seconds=4)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.plan, run.reason) == (Status.ABORTED, None, "")


async def test_a_holder_that_lost_its_lease_records_nothing(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    other = world.replica()

    async def overtaken(turn: Turn) -> None:
        world.outside.before = None
        world.later(seconds=11)
        other.now = world.now
        taken = await world.claim()
        assert taken is not None

    world.outside.before = overtaken
    lease = await world.claim()
    assert lease is not None
    with pytest.raises(LeaseLost):
        await world.engine.advance(lease)
    assert (await world.run(run_id)).steps["knob"].outcome is None


async def roll_back(world: World, by: Actor = ALEX, version: str = "") -> asks.Reply:
    target = (await world.release()).find(version) if version else (await world.release()).known_good
    shown = target_digest(target) if target else ""
    return await world.hears(asks.RollBack("api", "", version, shown), by)


async def test_an_emergency_rollback_preempts_a_running_deploy(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    stopped: list[asks.Reply] = []

    async def preempt(turn: Turn) -> None:
        world.outside.before = None
        stopped.append(await roll_back(world.replica()))

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


async def test_superseding_is_one_commit(world: World, store_database: StoreDatabase) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    reply = await roll_back(world)
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
    assert (await roll_back(world)).did == "started"
    again = await roll_back(world, SAM)
    assert again.refused == "rolling-back-already"


async def test_one_who_may_not_roll_back_does_not(world: World) -> None:
    await world.adopted("v1")
    assert (await roll_back(world, RILEY)).refused == "not-allowed"


async def test_a_confirmation_counts_for_what_was_shown(world: World) -> None:
    await world.adopted("v1")
    shown = target_digest(known_good("v1"))
    await world.adopted("v2")
    assert (await world.hears(asks.RollBack("api", "", "", shown), ALEX)).refused == "confirmation-stale"


async def test_another_version_than_the_last_known_good_needs_approval(world: World) -> None:
    await world.adopted("v1")
    await world.adopted("v2")
    reply = await roll_back(world, ALEX, "v1")
    await world.works()
    run = await world.run(reply.facts["run"])
    assert (run.waits_for_approval, world.outside.effects) == (True, [])
    await world.approves(run.id, SAM)
    await world.works()
    assert (await world.run(run.id)).status is Status.SUCCEEDED


async def test_nothing_to_go_back_to_is_said(world: World) -> None:
    assert (await roll_back(world)).refused == "no-known-good"
    await world.adopted("v1")
    assert (await world.hears(asks.RollBack("api", "", "v7", "x"), ALEX)).refused == "never-good"


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
