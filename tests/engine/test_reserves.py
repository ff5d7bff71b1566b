"""What a run holds is what its document reserves, and only who wants the same is kept waiting or stopped."""

from dataclasses import replace

from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Status
from tests.engine.world import ALEX, CATALOGUE, World, known_good

POD, DATABASE = "main/prod/api", "database/API_DATABASE_URL"


def reserving(world: World, **reserves: tuple[str, ...]) -> World:
    """The world with a database, and documents that reserve this."""
    service = CATALOGUE["services"]["api"]
    place = {**service["environments"]["production"], "database": "API_DATABASE_URL"}
    services = {"api": {**service, "environments": {"production": place}}}
    world.catalogue = Catalogue.model_validate({**CATALOGUE, "services": services})
    world.use(world.store)
    for name, what in reserves.items():
        world.shelf.documents[name] = replace(world.shelf.documents[name], reserves=what)
    return world


async def holders(world: World) -> dict[str, str]:
    return dict((await world.store.read([], targets=[POD, DATABASE])).holders)


async def test_a_document_that_does_not_say_reserves_all(world: World) -> None:
    run_id = await reserving(world).deploys()
    assert await holders(world) == {POD: f"run/{run_id}", DATABASE: f"run/{run_id}"}


async def test_runs_that_reserve_different_things_run_side_by_side(world: World) -> None:
    reserving(world, deploy=("workloads",))
    first = await world.deploys()
    assert (await world.hears(asks.Deploy("api", "v3"))).refused == "busy"
    reserving(world, deploy=("database",))
    second = await world.deploys("v3")
    assert await holders(world) == {POD: f"run/{first}", DATABASE: f"run/{second}"}


async def test_a_document_that_reserves_nothing_waits_for_nobody(world: World) -> None:
    first = await reserving(world).deploys()
    reserving(world, deploy=())
    await world.deploys("v3")
    assert set((await holders(world)).values()) == {f"run/{first}"}


async def test_a_rollback_stops_only_who_holds_what_it_wants(world: World) -> None:
    reserving(world, deploy=("database",), back=("workloads",))
    await world.adopted("v1")
    run_id = await world.deploys()
    shown = target_digest(known_good("v1"))
    reply = await world.hears(asks.RollBack("api", "production", "", shown), by=ALEX)
    assert (reply.did, reply.facts["stopped"]) == ("started", [])
    assert (await world.run(run_id)).status is Status.PLANNING
    assert await holders(world) == {POD: f"run/{reply.facts['run']}", DATABASE: f"run/{run_id}"}
