"""A way back of more than five minutes needs one more approver; what is at hand of how long it took before."""

from dataclasses import replace

import pytest

from commands.views.run_card import Look, card
from runbooks import pace
from runbooks.documents.parse import parse
from runbooks.durations import Took
from runbooks.runs.plans import too_slow
from runbooks.runs.state import Run, Status
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.vocabulary import Done, Json, Outcome, PlannedStep
from tests.commands.stages import RELEASE, V41, V42, Stages
from tests.engine.world import ALEX, DEPLOY, SAM, World

BACK = "- [ ] Way back\n  ```step\n  id: way-back\n  uses: reckon\n  ```\n"


class Reckon(Step):
    """Says how long the way back takes; keeps what it was told of earlier ones."""

    uses = "reckon"

    def __init__(self) -> None:
        self.takes: int | None = 40
        self.told: list[tuple[Took, ...]] = []

    async def resolve(self, params: Params, site: Site) -> Resolved:
        self.told.append(site.took)
        return Resolved({}, (f"back in {self.takes} s",), takes=self.takes)

    async def start(self, turn: Turn) -> Outcome:
        return Done("written")


@pytest.fixture
def reckon(world: World) -> Reckon:
    """A deploy of this world reckons its way back first."""
    step = world.steps["reckon"] = Reckon()
    known = {uses: each.params for uses, each in world.steps.items()}
    text = DEPLOY.replace("- [ ] Told", f"{BACK}- [ ] Told")
    world.shelf.documents["deploy"] = parse(text, path="deploy.md", known=known)
    return step


async def shown(world: World, run: Run) -> str:
    return str(card(run, Look(world.catalogue, await world.release())))


async def test_over_five_minutes_one_approval_is_not_enough(world: World, reckon: Reckon) -> None:
    reckon.takes = 301
    run_id = await world.at_the_gate()
    run = await world.run(run_id)
    assert (run.quorum and run.quorum.count, run.approvals_wanted) == (2, 2)
    said = await shown(world, run)
    assert "2 of @sre, not <@URILEY> · one more, since the way back takes about 6 min, over the five minutes" in said
    assert "Waits for 2 approvals of @sre" in said

    await world.approves(run_id, ALEX)
    await world.works()
    assert world.outside.effects == []
    await world.approves(run_id, SAM)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


@pytest.mark.parametrize("takes", [None, 0, 40, 300])
async def test_within_five_minutes_it_is_as_the_catalogue_says(
    world: World, reckon: Reckon, takes: int | None
) -> None:
    reckon.takes = takes
    run = await world.run(await world.at_the_gate())
    assert run.approvals_wanted == 1
    assert "one more" not in await shown(world, run)


async def test_a_way_back_that_has_become_slow_voids_the_approvals(world: World, reckon: Reckon) -> None:
    run_id = await world.at_the_gate()
    reckon.takes = 420
    await world.approves(run_id, ALEX)
    await world.works()
    run = await world.run(run_id)
    assert (run.approvals, run.approvals_wanted, world.outside.effects) == ((), 2, [])
    assert "2 approvals of sre are wanted, not 1 of sre" in run.difference
    assert set(run.steps) >= {"way-back", "told-everybody"}, "nothing else is to be done again"


async def test_another_figure_on_the_same_side_of_it_voids_nothing(world: World, reckon: Reckon) -> None:
    run_id = await world.at_the_gate()
    reckon.takes = 60
    await world.approves(run_id, ALEX)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


async def test_what_was_asked_for_is_not_asked_for_less(world: World, reckon: Reckon) -> None:
    reckon.takes = 301
    run_id = await world.at_the_gate()
    reckon.takes = 299
    await world.approves(run_id, ALEX)
    await world.works()
    assert (await world.run(run_id)).approvals_wanted == 1
    assert world.outside.effects == []


def steps(*takes: int | None) -> tuple[PlannedStep, ...]:
    return tuple(PlannedStep("a", "A", "Deploy", "a", takes=each) for each in takes)


def test_five_minutes_are_still_in_time() -> None:
    assert too_slow(steps(None, 300)) is None
    assert too_slow(steps(None, 301, 20)) == 301
    assert too_slow(()) is None


def test_the_figure_is_only_shown_and_the_need_is_approved() -> None:
    plan = Stages().deploying().run.plan
    assert plan is not None
    assert plan.quorum is not None
    slower = replace(plan, steps=(replace(plan.steps[0], takes=40), *plan.steps[1:]))
    assert slower.digest == plan.digest
    assert replace(plan, quorum=replace(plan.quorum, count=2)).digest != plan.digest


def test_what_is_at_hand_are_the_last_rollbacks_and_the_good_deploys() -> None:
    good = (V42, V41, *(replace(V42, run=f"D-{n}") for n in (9, 8, 7)))
    release = replace(RELEASE, good=good, gone_back=("R-1", "R-2", "R-3", "R-4"))
    assert pace.streams(release) == ["run/R-2", "run/R-3", "run/R-4", "run/D-106", "run/D-9"]
    assert pace.streams(RELEASE) == [], "who adopted it brought no pods"


def test_what_a_run_measured_is_read_from_its_evidence() -> None:
    story = Stages().deploying().changing()
    evidence: Json = {"seconds": 31, "workloads": [{"pods": 3}, {"pods": 2}]}
    story.done("rollout", Done("5 of 5 pods", evidence))
    assert pace.took(RELEASE, [story.run, Stages().deploying().run]) == (Took(31, 5, back=False),)
    assert pace.took(replace(RELEASE, environment="staging"), [story.run]) == ()
