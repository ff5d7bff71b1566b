"""Two services that share a database: a rollback of one does not stop a run of the other."""

import copy

import pytest

from commands.replies import sentence
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.runs.state import Status
from tests.engine.world import ALEX, CATALOGUE, RILEY, World


@pytest.fixture
def shared(world: World) -> World:
    """`billing` beside `api`, in the same database."""
    catalogue = copy.deepcopy(CATALOGUE)
    billing = copy.deepcopy(catalogue["services"]["api"])
    billing["workloads"] = [{"deployment": "billing", "containers": ["web"]}]
    catalogue["services"]["billing"] = billing
    for service in catalogue["services"].values():
        service["environments"]["production"]["database"] = "SHARED_DB"
    world.catalogue = Catalogue.model_validate(catalogue)
    world.use(world.store)
    return world


async def billing_under_way(world: World) -> str:
    await world.adopted("v1")
    reply = await world.hears(asks.Deploy("billing", "v5"), RILEY)
    await world.works()
    return str(reply.facts["run"])


async def test_the_rollback_is_refused_and_says_whose_run_it_is(shared: World) -> None:
    run_id = await billing_under_way(shared)
    refused = await shared.rolls_back(ALEX)
    assert refused.refused == "busy-elsewhere"
    assert sentence(refused).startswith(f"Not started. {run_id} is deploying billing to production (v5, asked by <@")
    assert sentence(refused).endswith(
        "It holds what api uses too, and a rollback of api does not stop it. @developers or @sre can abort it, on "
        f"its card or with `/deploy abort {run_id}`; then ask again."
    )
    assert (await shared.run(run_id)).status is Status.RUNNING


async def test_once_it_is_aborted_the_rollback_starts(shared: World) -> None:
    run_id = await billing_under_way(shared)
    assert (await shared.hears(asks.Abort(run_id), RILEY)).did == "stopping"
    await shared.works()
    assert (await shared.rolls_back(ALEX)).did == "started"
