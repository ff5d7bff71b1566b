"""When a failed deploy goes back by itself, who asked for that, and when people are asked instead."""

from dataclasses import replace

import pytest

from runbooks.incidents.findings import Finding
from runbooks.runs.state import Run, Status
from runbooks.steps.base import Params, Resolved, Site
from runbooks.vocabulary import OPSBOT, Failed
from tests.engine.knob import Knob
from tests.engine.world import ALEX, RILEY, SAM, World


class Told(Knob):
    """The knob, whose plan says what ran before."""

    async def resolve(self, params: Params, site: Site) -> Resolved:
        return replace(await super().resolve(params, site), runs=(self.outside.knob,))


@pytest.fixture
def told(world: World) -> World:
    world.steps["knob"] = Told(world.outside)
    return world


async def fails(world: World, version: str = "v3") -> Run:
    """A deploy of which the change fails, and all that follows from it."""
    run_id = await world.at_the_gate(version)
    world.outside.answers = [Failed("New pods crash.")]
    await world.approves(run_id)
    await world.works()
    return await world.run(run_id)


async def test_it_goes_back_to_the_last_known_good_where_that_ran_before(told: World) -> None:
    await told.adopted("v1")
    failed = await fails(told)
    back = await told.run(failed.id.replace("D-", "R-"))
    assert (back.status, back.version, told.outside.knob) == (Status.SUCCEEDED, "v1", "v1")


async def test_people_are_asked_where_something_else_ran_before(told: World) -> None:
    await told.adopted("v1")
    await told.adopted("v2")
    by_hand = str((await told.rolls_back(ALEX, "v1")).facts["run"])
    await told.works()
    await told.approves(by_hand, SAM)
    await told.works()
    assert told.outside.knob == "v1"
    await told.releases()
    failed = await fails(told)
    assert (await told.run(failed.id.replace("D-", "R-"))).status is Status.NEW
    assert told.outside.knob == "v1"
    stream = f"finding/{failed.id}.deploy-failed"
    finding: Finding = (await told.store.read([stream])).streams[stream].state
    assert (finding.rolls_back, finding.offers_rollback) == ("", True)
    assert "v1 ran before, and the last known good is v2, so nothing goes back by itself." in finding.what


async def test_it_is_recorded_as_the_bots_own_and_whoever_deployed_is_told_of_it(told: World) -> None:
    await told.adopted("v1")
    failed = await fails(told)
    back = failed.id.replace("D-", "R-")
    first = (await told.store.history(f"run/{back}"))[0]
    assert first.actor == OPSBOT
    run = await told.run(back)
    assert (run.requester, run.because) == (RILEY, failed.id)
