"""What a step costs: its intent stands in the commit of what came before, and its effect after that commit."""

import psycopg

from runbooks.engine import asks
from runbooks.steps.base import Turn
from runbooks.vocabulary import Done
from tests.engine.world import ALEX, World
from tests.fixtures.store import StoreDatabase


async def commits(database: StoreDatabase, run_id: str) -> list[str]:
    """The run's events, a line for those of one commit."""
    async with await psycopg.AsyncConnection.connect(database.owner_url) as connection:
        cursor = await connection.execute(
            "select string_agg("
            "concat_ws(' ', data::jsonb->>'kind', nullif(data::jsonb->>'step', '')), ', ' order by version)"
            " from events where stream = %s group by xmin::text order by min(version)",
            (f"run/{run_id}",),
        )
        return [str(line) for (line,) in await cursor.fetchall()]


async def test_a_rollback_commits_once_for_each_thing_that_it_waits_for(
    world: World, store_database: StoreDatabase
) -> None:
    await world.adopted("v1")
    run_id = str((await world.rolls_back()).facts["run"])
    await world.works()
    assert await commits(store_database, run_id) == [
        "requested",
        "planned, began take-over",
        "recorded take-over",
        "planned, began unknob",
        "recorded unknob, ended",
    ]


async def test_where_approvers_are_asked_again_the_intent_has_a_commit_of_its_own(
    world: World, store_database: StoreDatabase
) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await world.works()
    assert (await commits(store_database, run_id))[-4:] == [
        "verified, recorded approved",
        "began knob",
        "recorded knob, began keep",
        "recorded keep, ended",
    ]


async def test_the_effect_waits_until_its_intent_is_read_back(world: World) -> None:
    await world.adopted("v1")
    run_id = str((await world.rolls_back()).facts["run"])
    seen: list[bool] = []

    async def look(turn: Turn) -> None:
        state = (await world.run(run_id)).steps["unknob"]
        seen.append((state.epoch, state.outcome) == (turn.epoch, None))

    world.outside.before = look
    await world.works()
    assert seen == [True]


async def test_what_was_at_hand_and_has_moved_is_read_again(world: World) -> None:
    """Somebody else's commit between the look and the record: decided anew, and nothing of it is lost."""
    run_id = await world.at_the_gate()
    await world.approves(run_id)

    async def lock(turn: Turn) -> None:
        await world.replica().hears(asks.Lock("api", "production", "made up"), ALEX)

    world.outside.before = lock
    await world.works()
    run, release = await world.run(run_id), await world.release()
    assert isinstance(run.steps["knob"].outcome, Done)
    assert (release.lock is not None, release.good[0].version) == (True, "v2")
