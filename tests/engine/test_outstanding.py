"""What still asks for somebody is found whatever its age: on the Home, and after an update of the schema."""

from datetime import date

import psycopg

from bot.adapters.postgres.migrate import migrations
from bot.adapters.postgres.verify import faults
from commands.home import LOOKED_AT, look
from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.folds import folds
from runbooks.incidents.findings import Acknowledge, Mend, Raise
from runbooks.incidents.handling import Concern, Resolve
from runbooks.incidents.incident import Lessons
from runbooks.runs.commands import PlanFailed, Request
from runbooks.vocabulary import Failed, Severity
from tests.commands.seat import edge_of
from tests.engine.world import ALEX, RILEY, World
from tests.fixtures.store import StoreDatabase

LEARNED = Lessons("It broke.", "The rollback.", "A test.", ALEX, date(2026, 12, 1))
PLACE = ("api", "production")


async def much_is_done(world: World) -> None:
    """More runs, findings and incidents than a list reads, all over and all younger."""
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    numbers = range(1000, 1001 + LOOKED_AT)
    await draft.open([f"{kind}-{n}" for n in numbers for kind in ("run/D", "incident/I", "finding/L")])
    for n in numbers:
        request = Request(RILEY, "deploy", "deploy", *PLACE, "v9", frozenset(), None, 60)
        await draft.apply(f"run/D-{n}", request)
        await draft.apply(f"run/D-{n}", PlanFailed("There is no v9."))
        await draft.apply(f"incident/I-{n}", Concern(Severity.S3, *PLACE, "Odd", ()))
        await draft.apply(f"incident/I-{n}", Resolve(ALEX, "Over."))
        await draft.apply(f"finding/L-{n}", Raise("lkg-outdated", ("Odd.",), "", *PLACE))
        await draft.apply(f"finding/L-{n}", Acknowledge(ALEX))
    await world.store.commit(draft.changes())


async def failing(world: World, finding: str) -> None:
    run = await world.at_the_gate()
    await world.approves(run)
    world.outside.answers = [Failed("It broke.", finding=finding)]
    await world.works()


async def test_an_old_run_incident_and_finding_stand_on_the_home(world: World) -> None:
    await world.adopted("v1")
    await world.hears(asks.Declare("api", "production", "Slow since ten"), ALEX)
    going = await world.at_the_gate()
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    await draft.apply("finding/L-1", Raise("lkg-outdated", ("Odd.",), "", *PLACE))
    await world.store.commit(draft.changes())
    await much_is_done(world)
    seen = await look(edge_of(world), ALEX)
    assert [run.id for run in seen.runs if not run.status.over] == [going]
    assert [each.title for each in seen.incidents] == ["Slow since ten"]
    assert [each.id for each in seen.findings] == ["L-1"]


async def test_the_schemas_update_finds_what_stood_before_it(world: World, store_database: StoreDatabase) -> None:
    await world.adopted("v1")
    await failing(world, "health-failing")  # its incident is resolved below, and still investigated
    await world.hears(asks.Resolve("I-1", "v1 serves again.", LEARNED), ALEX)
    await world.hears(asks.Declare("api", "production", "Slow since ten"), ALEX)
    await world.releases()
    await failing(world, "deploy-failed")
    await world.releases()
    await world.at_the_gate()
    await much_is_done(world)
    [text] = [each.text for each in migrations() if each.number == 6]
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        before = await (await connection.execute("select name from streams where outstanding")).fetchall()
        await connection.execute("alter table streams drop column outstanding")
        await connection.execute(text.encode())
    assert len(before) > 3
    assert await faults(store_database.url, folds()) == []


async def test_what_a_process_of_the_release_before_ended_is_not_under_way(
    world: World, store_database: StoreDatabase
) -> None:
    ended = await world.deploys()
    await world.hears(asks.Abort(ended))
    await world.works()
    going = await world.deploys()
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        stale = "update streams set outstanding = true where name = %s"  # as its commits, which know no such column
        await connection.execute(stale, [f"run/{ended}"])
    assert [run.id for run in await world.store.outstanding("run", 9)] == [going]
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        await connection.execute("update streams set outstanding = false where name = %s", [f"run/{ended}"])


async def test_a_finding_that_a_process_of_the_release_before_raised_anew_is_found(
    world: World, store_database: StoreDatabase
) -> None:
    for command in (Raise("lkg-outdated", ("Odd.",), "", *PLACE), Mend("It was written.")):
        draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
        await draft.apply("finding/L-1", command)
        await world.store.commit(draft.changes())
    assert await world.store.outstanding("finding", 9) == []
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        [(before,)] = await (await connection.execute("select outstanding_at from streams")).fetchall()
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    await draft.apply("finding/L-1", Raise("lkg-outdated", ("Odder.",), "", *PLACE))
    await world.store.commit(draft.changes())
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        as_before = "update streams set outstanding = false, outstanding_at = %s"  # its commits know no such columns
        await connection.execute(as_before, [before])
    assert [finding.id for finding in await world.store.outstanding("finding", 9)] == ["L-1"]
