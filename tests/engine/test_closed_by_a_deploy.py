"""What kept a deploy out is a finding until a later one of the same place ends well."""

import psycopg
import pytest

from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import PlanningFailed
from tests.engine.test_candidate import deployed_but_for_a_line, ends
from tests.engine.test_way_back import finding
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase


async def kept_out(world: World, name: str, version: str = "v5") -> str:
    """A deploy that is not even planned; what it is called."""
    world.outside.stumbles = PlanningFailed("It can't be deployed.", finding=name)
    run_id = await world.deploys(version)
    await world.works()
    world.outside.stumbles = None
    assert (await world.run(run_id)).status is Status.FAILED
    world.later(minutes=1)
    return f"{run_id}.{name}"


async def deployed(world: World, version: str) -> str:
    run_id = await world.at_the_gate(version)
    await world.approves(run_id)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    return run_id


@pytest.mark.parametrize("name", ["migration-without-rollback", "unhealthy-before-deploy"])
async def test_the_next_good_deploy_closes_it_in_the_commit_of_its_end(
    world: World, store_database: StoreDatabase, name: str
) -> None:
    stopped = [await kept_out(world, name), await kept_out(world, name)]
    run_id = await deployed(world, "v6")

    how = f"{run_id} brought v6 to production since, and it ended well."
    assert [(await finding(world, each)).mended for each in stopped] == [how, how]
    assert (await world.release()).held_up == {}
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        cursor = await connection.execute(
            "select distinct xmin::text from events where data like '%%\"mended\"%%' or data like '%%\"promoted\"%%'",
            (),
        )
        assert len(await cursor.fetchall()) == 1


async def test_one_that_was_under_way_before_does_not_close_it(world: World) -> None:
    await world.adopted("v1")
    earlier = await deployed_but_for_a_line(world)
    world.later(minutes=1)
    stopped = await kept_out(world, "migration-without-rollback")
    await ends(world, earlier)

    assert not (await finding(world, stopped)).mended
    assert list((await world.release()).held_up) == [stopped]


async def test_one_that_fails_too_does_not_close_it(world: World) -> None:
    stopped = await kept_out(world, "unhealthy-before-deploy")
    await world.hears(asks.Abort(await world.at_the_gate("v6")))
    await world.works()

    assert not (await finding(world, stopped)).mended
