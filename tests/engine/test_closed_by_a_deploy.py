"""What kept a deploy out is a finding until a later one of the same place ends well."""

import psycopg
import pytest

from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import PlanningFailed
from tests.engine.test_candidate import AFTER, deployed_but_for_a_line, ends
from tests.engine.test_way_back import finding
from tests.engine.world import CATALOGUE, DEPLOY, World
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


def by(world: World, document: str) -> None:
    """From now on the service is deployed by this document, which records no release."""
    service = CATALOGUE["services"]["api"]
    services = {"api": {**service, "runbooks": {**service["runbooks"], "deploy": document}}}
    world.catalogue = Catalogue.model_validate({**CATALOGUE, "services": services})
    world.use(world.store)
    text = DEPLOY.partition("- [ ] Remember it")[0] + AFTER
    known = {uses: step.params for uses, step in world.steps.items()}
    world.shelf.documents[document] = parse(text, path=f"{document}.md", known=known)


async def deployed_but_for_its_line(world: World, version: str) -> str:
    run_id = await world.at_the_gate(version)
    await world.approves(run_id)
    await world.works()
    return run_id


async def test_where_the_document_records_nothing_its_next_good_deploy_closes_it(world: World) -> None:
    other = await kept_out(world, "migration-without-rollback")
    by(world, "bare")
    stopped = await kept_out(world, "migration-without-rollback")
    run_id = await deployed_but_for_its_line(world, "v6")
    assert not (await finding(world, stopped)).mended
    await ends(world, run_id)

    how = f"{run_id} brought v6 to production since, and it ended well."
    assert [(await finding(world, each)).mended for each in (other, stopped)] == ["", how]
    assert (await world.release()).good == ()


async def test_there_too_one_that_was_under_way_before_does_not_close_it(world: World) -> None:
    by(world, "bare")
    earlier = await deployed_but_for_its_line(world, "v4")
    world.later(minutes=1)
    stopped = await kept_out(world, "migration-without-rollback")
    await ends(world, earlier)

    assert not (await finding(world, stopped)).mended
