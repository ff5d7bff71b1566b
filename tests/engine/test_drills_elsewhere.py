"""Drills of a place that does not run its last known good, and of a source that has lost a version."""

import pytest

from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.steps.source import Found
from runbooks.vocabulary import Failed, PlanningFailed
from tests.engine.drilling import Drilling
from tests.engine.world import ALEX, SAM, History, World


@pytest.fixture
async def went_back(world: World) -> Drilling:
    """v2 is the last known good, and a planned rollback put v1 there."""
    made = Drilling(world)
    await made.good("v1", "v2")
    run = str((await world.hears(asks.PlanRollBack("api", "staging", "v1"), ALEX)).facts["run"])
    for step in ("read-how", "told-them"):
        await world.works()
        await world.hears(asks.Answer(run, step, "done"), ALEX)
    await world.works()
    await world.approves(run, SAM)
    await world.works()
    return made


async def test_one_that_fails_half_way_is_taken_back_to_what_ran_and_not_to_the_last_known_good(
    went_back: Drilling,
) -> None:
    world, run = went_back.world, await went_back.begun("v3")
    world.outside.answers = [Failed("New pods crash.")]
    await went_back.approved(run)
    back = await world.run(run.replace("E-", "R-"))
    assert (back.status, back.version, world.outside.knob) == (Status.SUCCEEDED, "v1", "v1")
    finding = await went_back.finding(f"{run}.drill-failed")
    assert finding.rolls_back == back.id


async def test_one_that_is_aborted_half_way_offers_what_ran(went_back: Drilling) -> None:
    world, run = went_back.world, await went_back.begun("v3")
    await world.approves(run, SAM)
    await world.works()
    await world.hears(asks.Abort(run), ALEX)
    await world.works()
    finding = await went_back.finding(f"{run}.drill-aborted")
    assert finding.what[-2:] == (
        "So staging may stand between v1 and v3.",
        "Before it v1 ran, not the last known good: `/rollback api staging to v1`.",
    )


class Forgetful(History):
    """A source that has lost the tag v2."""

    async def resolve(self, repository: str, version: str) -> Found:
        if version == "v2":
            raise PlanningFailed("There is no v2 in the source.")
        return await super().resolve(repository, version)


async def test_a_good_release_that_the_source_has_lost_is_passed_over(world: World) -> None:
    world.source = Forgetful()
    drilling = Drilling(world)
    await drilling.good("v1", "v2", "v3")
    run = await world.run(await drilling.begun())
    assert (run.status, run.version) == (Status.RUNNING, "v1")
