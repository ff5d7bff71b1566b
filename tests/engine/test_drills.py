"""A drill through the engine on the real store: forward and back in one run, what is kept of it, what it leaves."""

from collections.abc import Awaitable, Callable

import pytest

from runbooks.engine import asks
from runbooks.engine.starts import shown_digest
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.vocabulary import OPSBOT, Done, Failed
from tests.engine.drilling import Drilling
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, World


@pytest.fixture
async def drilling(world: World) -> Drilling:
    made = Drilling(world)
    await made.good("v1")
    return made


async def test_it_goes_forward_and_back_in_one_run_and_leaves_all_as_it_was(drilling: Drilling) -> None:
    run = await drilling.through()
    assert run.status is Status.SUCCEEDED
    assert drilling.world.outside.effects == [f"{run.id}/forward", f"{run.id}/back"]
    assert (run.version, drilling.world.outside.knob) == ("v3", "v1")
    assert [run.evidence[step] is not None for step in ("well", "well-again")] == [True, True]
    release = await drilling.release()
    assert release.known_good is not None
    assert (release.known_good.version, release.candidate, release.stops, release.left) == ("v1", None, None, ())
    assert release.taken_back is not None
    assert release.taken_back.run == run.id


async def test_each_leg_acts_at_its_own_release(drilling: Drilling) -> None:
    run = await drilling.through("v2")
    assert run.plan is not None
    planned = {step.id: step.params["to"] for step in run.plan.steps if step.uses != "approve"}
    assert planned == {"forward": "v2", "well": "v2", "back": "v1", "well-again": "v1"}
    said = [run.steps[step].outcome for step in ("well", "well-again")]
    assert said == [Done("well on v2"), Done("well on v1")]


async def test_what_it_took_is_kept(drilling: Drilling) -> None:
    drilling.well.takes = 40
    run = await drilling.through()
    [kept] = (await drilling.drills()).last
    assert (kept.run, kept.version, kept.back_to, kept.status) == (run.id, "v3", "v1", "succeeded")
    assert (kept.back, kept.whole, kept.slowest, kept.slowest_took) == (40, 80, "Is it well again", 40)


@pytest.mark.parametrize(
    ("good", "newest", "goes_to"),
    [
        (("v1",), ("v3", "v2", "v1"), "v3"),  # the newest
        (("v1", "v2", "v3"), ("v3", "v2", "v1"), "v2"),  # it runs: the good one before it
        (("v3",), ("v3", "v2", "v1"), "v2"),  # none was good before: the next of the source
    ],
)
async def test_where_no_version_is_named(
    world: World, good: tuple[str, ...], newest: tuple[str, ...], goes_to: str
) -> None:
    drilling = Drilling(world)
    await drilling.good(*good)
    world.source.names = newest
    assert (await world.run(await drilling.begun())).version == goes_to


async def test_the_catalogue_may_name_it(world: World) -> None:
    drilling = Drilling(world, version="v2")
    await drilling.good("v1")
    assert (await world.run(await drilling.begun())).version == "v2"


@pytest.mark.parametrize("newest", [("v1",), ()])
async def test_there_may_be_no_other_version(drilling: Drilling, newest: tuple[str, ...]) -> None:
    drilling.world.source.names = newest
    run = await drilling.world.run(await drilling.begun())
    assert (run.status, run.reason) == (
        Status.FAILED,
        "The source has no other version than what runs, so there is nothing to go forward to.",
    )
    assert (await drilling.drills()).last[-1].status == "failed"


async def test_to_what_runs_it_does_not_go(drilling: Drilling) -> None:
    run = await drilling.world.run(await drilling.begun("v1"))
    assert run.status is Status.FAILED
    assert "v1 is what runs in staging" in run.reason


async def test_who_asked_does_not_approve_and_the_bot_itself_needs_somebody_too(drilling: Drilling) -> None:
    by_riley = str((await drilling.asked(by=RILEY)).facts["run"])
    await drilling.world.works()
    drilling.world.members.groups["sre"].add(RILEY)
    assert (await drilling.world.approves(by_riley, RILEY)).refused == "own-request"
    await drilling.world.hears(asks.Reject(by_riley, (await drilling.world.run(by_riley)).digest), ALEX)
    by_itself = await drilling.begun(by=OPSBOT)
    assert (await drilling.world.run(by_itself)).waits_for_approval
    assert (await drilling.world.approves(by_itself, SAM)).did == "approved"


async def test_where_it_may_not_be(drilling: Drilling) -> None:
    world = drilling.world
    assert (await drilling.asked(by=OUTSIDER)).refused == "not-allowed"
    production = await world.hears(asks.Drill("api", "production"), OPSBOT)
    assert production.refused == "no-drills"
    await drilling.world.hears(asks.Lock("api", "staging", "Demo at noon."), ALEX)
    assert (await drilling.asked()).refused == "locked"
    await drilling.world.hears(asks.Unlock("api", "staging"), ALEX)
    await world.hears(asks.Deploy("api", "v2", "staging"))
    assert (await drilling.asked()).refused == "busy"


async def test_there_must_be_something_to_come_back_to(world: World) -> None:
    drilling = Drilling(world)
    assert (await drilling.asked()).refused == "no-known-good"


async def test_a_deploy_waits_for_it_and_an_emergency_rollback_does_not(drilling: Drilling) -> None:
    world, run = drilling.world, await drilling.begun()
    assert (await world.hears(asks.Deploy("api", "v2", "staging"))).refused == "busy"
    world.outside.turning = True
    await world.approves(run)
    await world.works()
    back = await _emergency(drilling)
    world.outside.turning = False
    await world.works()
    assert (await world.run(run)).status is Status.SUPERSEDED
    assert (await world.run(back)).status is Status.SUCCEEDED
    assert world.outside.knob == "v1"


async def _emergency(drilling: Drilling) -> str:
    release = await drilling.release()
    assert release.known_good is not None
    ask = asks.RollBack("api", "staging", "", shown_digest(release, release.known_good))
    return str((await drilling.world.hears(ask, ALEX)).facts["run"])


@pytest.mark.parametrize("fails_at", ["forward", "back"])
async def test_one_that_fails_half_way_is_taken_back_and_holds_no_deploys(drilling: Drilling, fails_at: str) -> None:
    world, run = drilling.world, await drilling.begun()
    if fails_at == "forward":
        world.outside.answers = [Failed("New pods crash.")]
    else:
        world.outside.after = _fail_next(world)
    await drilling.approved(run)
    back = await world.run(run.replace("E-", "R-"))
    assert (await world.run(run)).status is Status.FAILED
    assert (back.status, back.because, back.version, world.outside.knob) == (Status.SUCCEEDED, run, "v1", "v1")
    finding = await drilling.finding(f"{run}.drill-failed")
    assert (finding.severity, finding.rolls_back) == ("S2", back.id)
    assert (await drilling.release()).stops is None


def _fail_next(world: World) -> Callable[[Turn], Awaitable[None]]:
    async def after(_turn: Turn) -> None:
        world.outside.after = None
        world.outside.answers = [Failed("It does not go back.")]

    return after


async def test_an_abort_half_way_is_a_finding(drilling: Drilling) -> None:
    world, run = drilling.world, await drilling.begun()
    await world.approves(run)
    await world.works()  # forward, and not yet known to be well
    await world.hears(asks.Abort(run), ALEX)
    await world.works()
    assert (await world.run(run)).status is Status.ABORTED
    finding = await drilling.finding(f"{run}.drill-aborted")
    assert (finding.severity, finding.offers_rollback) == ("S2", True)
    assert finding.what[-1] == "So staging may stand between v1 and v3."


async def test_over_five_minutes_is_a_finding_until_a_faster_one(drilling: Drilling) -> None:
    drilling.well.takes = 301
    run = await drilling.through()
    slow = await drilling.finding(f"{run.id}.drill-slow")
    assert (slow.severity, slow.mended) == ("S3", "")
    assert slow.what[:2] == (
        f"The way back of api staging took 301 s in {run.id}; it may take 300 s.",
        "“Is it well again” took longest: 301 s.",
    )
    drilling.well.takes = 300
    faster = await drilling.through()
    mended = (await drilling.finding(f"{run.id}.drill-slow")).mended
    assert mended == f"{faster.id} took staging forward to v3 and back in 300 s."
    assert (await drilling.drills()).findings == ()


async def test_after_a_rollback_it_comes_back_to_what_that_put_there(drilling: Drilling) -> None:
    world = drilling.world
    await drilling.good("v2")
    back = await world.hears(asks.PlanRollBack("api", "staging", "v1"), ALEX)
    run = str(back.facts["run"])
    for step in ("read-how", "told-them"):
        await world.works()
        await world.hears(asks.Answer(run, step, "done"), ALEX)
    await world.works()
    await world.approves(run, SAM)
    await world.works()
    drilled = await drilling.through("v3")
    assert (drilled.status, world.outside.knob) == (Status.SUCCEEDED, "v1")
    taken_back = (await drilling.release()).taken_back
    assert taken_back is not None
    assert (taken_back.run, taken_back.version) == (drilled.id, "v1")
