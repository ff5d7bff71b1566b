"""What a failed deploy left has its own finding: the look at what runs tells nothing beside it."""

from pathlib import Path

import pytest

from bot.record import LOOK
from runbooks.catalogue import Catalogue, OnFailure
from runbooks.vocabulary import Failed
from tests.deliveries.record_desk import Desk
from tests.engine.world import World


def asking(catalogue: Catalogue) -> Catalogue:
    """The same, but a deploy that fails asks people."""
    api = catalogue.services["api"]
    production = api.environments["production"].model_copy(update={"on_failure": OnFailure.ASK})
    service = api.model_copy(update={"environments": {"production": production}})
    return catalogue.model_copy(update={"services": {"api": service}})


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    made = Desk(world, tmp_path)
    world.catalogue = asking(world.catalogue)
    world.use(world.store)
    made.keeper = made.process()
    return made


async def test_what_a_failed_deploy_left_is_one_finding_and_what_comes_after_it_another(desk: Desk) -> None:
    await desk.adopted("v1")
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    desk.world.outside.answers = [Failed("New pods crash.")]
    await desk.world.works()
    assert (await desk.world.release()).left == (run_id,)
    desk.running.version = "v2"
    await desk.later(seconds=LOOK.total_seconds())
    assert await desk.findings() == []

    await desk.adopted("v2")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.finding()).what[0] == "Deployment api runs v9, recorded is v2."
