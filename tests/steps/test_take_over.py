"""`take-over`: waits for the old holder, ends what it had begun, and fences every target before anything is read."""

from dataclasses import replace

import pytest

from runbooks.steps.base import Site, Step, Turn
from runbooks.steps.kubernetes.deployments import EPOCH, annotation
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.workloads import Workloads
from runbooks.steps.take_over import AGAIN, TakeOver
from runbooks.vocabulary import Done, Failed, Fenced, Pending, PlannedStep
from tests.steps.kube import API, WORKER, Kube, image, images, planned
from tests.steps.places import NOW, site

pytestmark = pytest.mark.cluster


class Holders:
    """Who still holds a lease."""

    def __init__(self, *runs: str) -> None:
        self.holding = set(runs)

    async def running(self, run: str) -> bool:
        return run in self.holding


class Fences:
    """A database's fence."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int]] = []

    async def fence(self, place: Site, epoch: int) -> None:
        self.written.append((str(place.environment.database), epoch))


def taking_over(
    workloads: Workloads, *, holders: Holders | None = None, database: Fences | None = None, **steps: Step
) -> TakeOver:
    known = {step.uses: step for step in steps.values()}
    return TakeOver(workloads, holders=holders or Holders(), database=database or Fences(), steps=known)


async def rolling_back(step: TakeOver, place: Site) -> Turn:
    return await planned(step, replace(place, run="R-107", supersedes=("D-107",), version="v41"), epoch=9)


async def test_it_waits_until_the_old_holder_lets_go(kube: Kube) -> None:
    await kube.create()
    holders = Holders("D-107")
    step = taking_over(kube.workloads, holders=holders)
    turn = await rolling_back(step, kube.site())
    waits = await step.start(turn)
    assert isinstance(waits, Pending)
    assert (waits.line, waits.check_at - turn.now) == ("waiting for D-107 to let go", AGAIN)
    assert annotation(await kube.raw(), EPOCH) is None
    holders.holding.clear()
    assert isinstance(await step.check(turn, waits.token), Done)


async def test_it_says_what_the_interrupted_deploy_did_and_shuts_it_out(kube: Kube) -> None:
    await kube.create()
    rollout = Rollout(kube.workloads)
    cut = await planned(rollout, kube.site())
    await rollout.start(cut)
    step = taking_over(kube.workloads, rollout=rollout)
    place = replace(kube.site(), cut_off=(cut,))
    assert await step.start(await rolling_back(step, place)) == Done(
        "D-107 stopped: 1 of 1 workload was already patched to v42",
        {"D-107": "Stopped for R-107: 1 of 1 workload was already patched to v42."},
    )
    assert annotation(await kube.raw(), EPOCH) == "9"
    with pytest.raises(Fenced):
        await rollout.start(cut)


async def test_a_deploy_stopped_between_its_read_and_its_patch_changes_nothing_when_it_wakes(kube: Kube) -> None:
    await kube.create()
    rollout = Rollout(kube.workloads)
    cut = await planned(rollout, kube.site())
    step = taking_over(kube.workloads, rollout=rollout)
    done = await step.start(await rolling_back(step, replace(kube.site(), cut_off=(cut,))))
    assert isinstance(done, Done)
    assert done.line == "D-107 stopped: no pod was changed"
    with pytest.raises(Fenced):
        await rollout.start(cut)
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_it_fences_every_target_though_nothing_was_under_way(kube: Kube) -> None:
    await kube.allow(WORKER)
    await kube.create()
    await kube.create(name=WORKER)
    database = Fences()
    step = taking_over(kube.workloads, database=database)
    place = kube.site(workloads=(API, WORKER))
    settings = place.environment.model_copy(update={"database": "PRODUCTION_DATABASE_URL"})
    turn = await rolling_back(step, replace(place, environment=settings))
    assert await step.start(turn) == Done(
        "D-107 stopped: nothing was under way", {"D-107": "Stopped for R-107: nothing was under way."}
    )
    assert [annotation(await kube.raw(name), EPOCH) for name in (API, WORKER)] == ["9", "9"]
    assert database.written == [("PRODUCTION_DATABASE_URL", 9)]
    assert isinstance(await step.start(replace(turn, epoch=10)), Done)
    assert annotation(await kube.raw(), EPOCH) == "10"


async def test_after_a_deploy_that_ended_nobody_is_stopped(kube: Kube) -> None:
    await kube.create()
    step = taking_over(kube.workloads)
    turn = await planned(step, kube.site(run="R-107"), epoch=9)
    assert await step.start(turn) == Done("nothing was running here", {})
    assert annotation(await kube.raw(), EPOCH) == "9"


async def test_a_deployment_that_is_gone_does_not_stop_it(kube: Kube) -> None:
    step = taking_over(kube.workloads)
    assert isinstance(await step.start(await rolling_back(step, kube.site())), Done)


async def test_taken_over_by_somebody_later_it_is_refused(kube: Kube) -> None:
    await kube.create()
    step = taking_over(kube.workloads)
    turn = await rolling_back(step, kube.site())
    await step.start(replace(turn, epoch=11))
    with pytest.raises(Fenced):
        await step.start(turn)


async def test_a_right_that_is_missing_is_told(kube: Kube) -> None:
    await kube.create(name=WORKER)
    step = taking_over(kube.workloads)
    outcome = await step.start(await rolling_back(step, kube.site(workloads=(WORKER,))))
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(f"The cluster main does not let this bot read Deployment {WORKER}")


async def test_what_can_not_be_read_is_not_guessed(kube: Kube) -> None:
    await kube.allow(WORKER)
    await kube.create(name=WORKER)
    rollout = Rollout(kube.workloads)
    cut = await planned(rollout, kube.site(workloads=(WORKER,)))
    await kube.allow()
    assert (await rollout.abandon(replace(cut, epoch=9))).startswith(
        f"what it changed is not known (The cluster main does not let this bot read Deployment {WORKER} in namespace"
    )


class Ended(Step):
    """A step of another kind, cut off as well."""

    uses = "command"

    async def abandon(self, turn: Turn) -> str:
        return f"its Job was ended by holder {turn.epoch}"


async def test_a_step_of_any_kind_is_ended_under_the_new_epoch(kube: Kube) -> None:
    await kube.create()
    step = taking_over(kube.workloads, command=Ended())
    cut = Turn(site(), PlannedStep("tests", "Tests", "Pre-deploy", "command"), epoch=7, began_at=NOW, now=NOW)
    done = await step.start(await rolling_back(step, replace(kube.site(), cut_off=(cut,))))
    assert isinstance(done, Done)
    assert done.line == "D-107 stopped: its Job was ended by holder 9"
