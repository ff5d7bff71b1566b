"""What a release brings since the last known good stands in its plan, for people to read."""

from bot.adapters.postgres.store import PostgresStore
from runbooks.commits import Commits
from runbooks.engine import asks
from tests.engine.world import ALEX, World


async def test_commits_since_the_last_known_good(store: PostgresStore) -> None:
    world = World(store)
    await world.adopted("v1")
    run_id = await world.deploys("v2")
    await world.works()

    plan = (await world.run(run_id)).plan
    assert plan is not None
    assert plan.brings == Commits(4, ("Ada Beispiel", "Bodo Beispiel"))


async def test_nothing_is_told_where_nothing_comes_or_nothing_is_known_good(store: PostgresStore) -> None:
    world = World(store)
    first = await world.deploys("v1")
    await world.works()
    unknown = (await world.run(first)).plan
    await world.hears(asks.Abort(first), ALEX)
    await world.works()
    await world.adopted("v1")
    again = await world.deploys("v1")
    await world.works()
    same = (await world.run(again)).plan

    assert unknown is not None
    assert same is not None
    assert (unknown.brings, same.brings) == (None, None)
