"""The database of a service: its ledger, its fence, and what is said where it can't be asked."""

import asyncio

import psycopg
import pytest

from bot.adapters.service_database.statements import statement
from runbooks.steps.migrations.planning import PlannedMigrations
from runbooks.vocabulary import Fenced, PlanningFailed, Unreachable
from sandbox.postgres import PostgresServer
from sandbox.waiting import until
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema, with_user
from tests.steps import places


async def test_the_version_is_the_last_one_applied(schema: Schema) -> None:
    commit = schema.release(TENANTS)
    site = schema.site(commit)
    assert await schema.database.version(site) == ""
    await schema.applied(TENANTS, SHIFTS)
    assert await schema.database.version(site) == "022_shifts"
    assert await schema.database.version(places.site()) == ""


async def test_the_epoch_is_that_of_the_last_holder(schema: Schema) -> None:
    site = schema.site("0" * 40)
    assert await schema.database.epoch(site) == 0
    await schema.applied(TENANTS, epoch=6)
    assert await schema.database.epoch(site) == 6
    assert await schema.database.epoch(places.site()) == 0


async def test_a_fence_makes_the_ledger_where_there_is_none(schema: Schema) -> None:
    site = schema.site("0" * 40)
    await schema.database.fence(site, 5)
    await schema.database.fence(site, 5)
    assert await schema.ask("select epoch from opsbot.fence") == [(5,)]
    await schema.database.fence(site, 6)
    with pytest.raises(Fenced):
        await schema.database.fence(site, 5)
    assert await schema.ask("select epoch from opsbot.fence") == [(6,)]
    assert await schema.database.rows(site) == ()


async def test_many_at_once_make_one_ledger(schema: Schema) -> None:
    site = schema.site("0" * 40)
    answers = await asyncio.gather(*(schema.database.fence(site, n) for n in range(1, 9)), return_exceptions=True)
    assert all(answer is None or isinstance(answer, Fenced) for answer in answers)
    assert await schema.ask("select epoch from opsbot.fence") == [(8,)]


async def test_a_place_without_schema_needs_no_fence(schema: Schema) -> None:
    schema.url = "postgresql://127.0.0.1:1/nowhere"
    await schema.database.fence(places.site(), 5)
    with pytest.raises(Unreachable):
        await schema.database.fence(schema.site("0" * 40), 5)


async def test_where_our_role_can_not_write_there_is_nothing_to_fence(
    schema: Schema, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    postgres_server.create_role("narrow")
    schema.url = with_user(schema.admin_url, "narrow")
    await schema.database.fence(schema.site("0" * 40), 5)
    assert "was not fenced" in caplog.text
    assert await schema.ask("select to_regnamespace('opsbot')::text") == [(None,)]


async def test_a_fence_ends_sessions_that_migrate_and_no_others(schema: Schema) -> None:
    site = schema.site("0" * 40)
    async with (
        await psycopg.AsyncConnection.connect(schema.url, application_name="opsbot:D-90/migrations") as old,
        await psycopg.AsyncConnection.connect(schema.url, application_name="opsbot", autocommit=True) as reader,
        await psycopg.AsyncConnection.connect(schema.url, application_name="api", autocommit=True) as service,
    ):
        await old.execute("create table half ()")
        await schema.database.fence(site, 5)
        with pytest.raises(psycopg.errors.AdminShutdown):
            await old.execute("select 1")
        for other in (reader, service):
            assert await (await other.execute("select 1")).fetchone() == (1,)
    assert await schema.tables() == set()


async def test_an_older_fence_ends_nobody(schema: Schema) -> None:
    site = schema.site("0" * 40)
    await schema.database.fence(site, 6)
    async with await psycopg.AsyncConnection.connect(
        schema.url, application_name="opsbot:R-12/migrations", autocommit=True
    ) as newer:
        with pytest.raises(Fenced):
            await schema.database.fence(site, 5)
        assert await (await newer.execute("select 1")).fetchone() == (1,)


async def test_a_session_that_we_may_not_end_is_said(schema: Schema, postgres_server: PostgresServer) -> None:
    postgres_server.create_role("narrow")
    await schema.ask("create schema opsbot authorization narrow")
    schema.url = with_user(schema.admin_url, "narrow")
    site = schema.site("0" * 40)
    async with await psycopg.AsyncConnection.connect(
        schema.admin_url, application_name="opsbot:D-90/migrations", autocommit=True
    ):
        with pytest.raises(Unreachable, match=r"opsbot:D-90/migrations \(process \d+\) still works there"):
            await schema.database.fence(site, 5)
    ours = "select not exists (select from pg_stat_activity where starts_with(application_name, 'opsbot:D-90'))"
    await until(lambda: _is_so(schema, ours), what="the end of the session")
    await schema.database.fence(site, 5)


async def _is_so(schema: Schema, query: str) -> bool:
    return (await schema.ask(query)) == [(True,)]


async def test_a_fence_that_somebody_holds_is_looked_at_later(schema: Schema) -> None:
    site = schema.site("0" * 40)
    await schema.database.fence(site, 5)
    async with await psycopg.AsyncConnection.connect(schema.url, application_name="psql") as holder:
        await holder.execute("select * from opsbot.fence for update")
        with pytest.raises(Unreachable, match="another session holds the ledger of migrations"):
            await schema.database.fence(site, 6)
    await schema.database.fence(site, 6)


async def test_a_standby_is_not_asked(schema: Schema) -> None:
    name = psycopg.conninfo.conninfo_to_dict(schema.admin_url)["dbname"]
    await schema.ask(f'alter database "{name}" set default_transaction_read_only = on')
    with pytest.raises(Unreachable, match="read-only"):
        await schema.database.rows(schema.site("0" * 40))


async def test_a_script_whose_row_says_done_is_not_run_again(schema: Schema) -> None:
    turn = await schema.turn(schema.apply, schema.site(schema.release(TENANTS)))
    (script,) = await schema.planner.scripts(turn.site, PlannedMigrations.of(turn.step.params))
    async with schema.database.session(turn) as session:
        assert await session.run(script) > 0
        assert await session.run(script) == 0


# ------------------------------------------------------------ what stood before


async def test_a_baseline_is_recorded_as_applied(schema: Schema) -> None:
    await schema.ask("create table tenants (); create table shifts ()")
    commit = schema.release(TENANTS, SHIFTS, FLAGS)
    site = schema.site(commit, run="adopt")
    assert await schema.planner.baseline(site, epoch=3, up_to=22) == "022_shifts"
    assert await schema.planner.baseline(site, epoch=4, up_to=22) == "022_shifts"
    assert await schema.ask("select name, state, kind, epoch, run from opsbot.migrations order by number") == [
        ("021_tenants.sql", "applied", "baseline", 3, "adopt"),
        ("022_shifts.sql", "applied", "baseline", 3, "adopt"),
    ]
    turn = await schema.turn(schema.apply, schema.site(commit))
    assert turn.step.shows == ("1 migration: 023_flags.sql (reversible)",)
    assert (await schema.apply.start(turn)).kind == "done"


async def test_a_baseline_of_everything(schema: Schema) -> None:
    site = schema.site(schema.release(TENANTS, SHIFTS))
    assert await schema.planner.baseline(site, epoch=3) == "022_shifts"
    assert await schema.planner.baseline(places.site(), epoch=3) == ""


async def test_a_baseline_that_the_ledger_contradicts_records_nothing(schema: Schema) -> None:
    await schema.applied(TENANTS)
    commit = schema.release({**TENANTS, "021_tenants.sql": "create table other ();"}, SHIFTS)
    with pytest.raises(PlanningFailed, match=r"021_tenants.sql is recorded as applied by D-106, not as"):
        await schema.planner.baseline(schema.site(commit), epoch=8)
    assert await schema.ledger() == [("021_tenants.sql", "applied")]


async def test_a_baseline_under_an_old_epoch_is_refused(schema: Schema) -> None:
    site = schema.site(schema.release(TENANTS))
    await schema.database.fence(site, 8)
    with pytest.raises(Fenced):
        await schema.planner.baseline(site, epoch=7)


def test_every_statement_says_what_it_is_for() -> None:
    assert statement("rows").startswith(b"-- ")
    assert statement("rows") is statement("rows")
