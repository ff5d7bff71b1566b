"""The plan of migrations: what is pending, what it destroys, and what is refused before anything runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.steps.base import Params, Resolved, Site
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.files import checksum
from runbooks.vocabulary import Done, Failed, PlanningFailed, Unreachable
from sandbox.postgres import PostgresServer
from sandbox.service.repository import build
from tests.fixtures.schemas import FLAGS, FOLDER, SHIFTS, TENANTS, Schema, with_user
from tests.steps import places


async def _resolve(schema: Schema, site: Site) -> Resolved:
    return await schema.plan.resolve(Params(), site)


async def test_the_pending_migration_and_its_class(schema: Schema) -> None:
    await schema.applied(TENANTS)
    resolved = await _resolve(schema, schema.site(schema.release(TENANTS, SHIFTS)))
    assert resolved.shows == ("1 migration: 022_shifts.sql (reversible)",)
    assert resolved.params == {
        "stands_at": "021_tenants",
        "files": [
            {
                "name": "022_shifts.sql",
                "checksum": checksum(SHIFTS["022_shifts.sql"]),
                "kind": "plain",
                "rollback": "022_rollback.sql",
                "rollback_checksum": checksum(SHIFTS["022_rollback.sql"]),
                "cls": "reversible",
                "because": [],
            }
        ],
    }


async def test_both_steps_bind_the_same_files(schema: Schema) -> None:
    site = schema.site(schema.release(TENANTS))
    plan, apply = await _resolve(schema, site), await schema.apply.resolve(Params(), site)
    assert plan == replace(apply, changes=None)
    assert apply.changes is True
    changed = {**TENANTS, "021_rollback.sql": "drop table tenants; -- changed"}
    assert (await _resolve(schema, schema.site(schema.release(changed)))).params != plan.params


async def test_an_empty_ledger_counts_all_and_says_so(schema: Schema) -> None:
    resolved = await _resolve(schema, schema.site(schema.release(TENANTS, SHIFTS)))
    assert resolved.shows == (
        "2 migrations, in this order:",
        "021_tenants.sql (reversible)",
        "022_shifts.sql (reversible)",
        "Nothing is recorded in this database yet. If it has some of these already, stop and run `opsbot adopt`",
    )
    assert await schema.ask("select to_regnamespace('opsbot')::text") == [(None,)], "planning changes nothing"


async def test_what_a_migration_destroys_is_shown(schema: Schema) -> None:
    drop = {"022_drop.sql": "drop table tenants;", "022_rollback.sql": "create table tenants ();"}
    await schema.applied(TENANTS)
    resolved = await _resolve(schema, schema.site(schema.release(TENANTS, drop)))
    assert resolved.shows == (
        "1 migration: 022_drop.sql (destructive: drops table tenants)",
        "tenants: 8 kB, rows never counted; blocks reads and writes for a moment",
    )


async def test_nothing_pending(schema: Schema) -> None:
    commit = await schema.applied(TENANTS)
    resolved = await _resolve(schema, schema.site(commit))
    assert (resolved.params["files"], resolved.shows) == ([], ("No migration",))
    assert (await schema.apply.resolve(Params(), schema.site(commit))).changes is False


async def test_a_service_without_migrations(schema: Schema) -> None:
    schema.url = "postgresql://127.0.0.1:1/nowhere"
    for step in (schema.plan, schema.apply):
        turn = await schema.turn(step, places.site())
        assert (turn.step.params["files"], turn.step.shows) == ([], ())
        assert isinstance(await step.start(turn), Done)


async def test_the_turn_reads_the_ledger_again(schema: Schema) -> None:
    site = schema.site(schema.release(TENANTS, SHIFTS))
    turn = await schema.turn(schema.plan, site)
    assert await schema.plan.start(turn) == Done(
        "2 to apply, each with its way back",
        {"files": ["021_tenants.sql", "022_shifts.sql"], "stands_at": ""},
    )
    await schema.applied(TENANTS)
    outcome = await schema.plan.start(turn)
    assert isinstance(outcome, Failed)
    assert "no longer those of the plan: the database stands at 021_tenants now" in outcome.reason


async def test_the_turn_of_a_plan_with_nothing_to_apply(schema: Schema) -> None:
    commit = await schema.applied(TENANTS)
    turn = await schema.turn(schema.plan, schema.site(commit))
    assert await schema.plan.start(turn) == Done("none to apply", {"files": [], "stands_at": "021_tenants"})


async def test_a_fault_that_came_after_the_plan_fails_the_turn(schema: Schema) -> None:
    turn = await schema.turn(schema.plan, schema.site(schema.release(TENANTS)))
    await schema.applied({**TENANTS, "021_tenants.sql": "create table tenants (other text);"})
    outcome = await schema.plan.start(turn)
    assert isinstance(outcome, Failed)
    assert "021_tenants.sql is applied" in outcome.reason


async def test_one_without_rollback_script_is_a_finding(schema: Schema) -> None:
    alone = {"022_shifts.sql": SHIFTS["022_shifts.sql"]}
    with pytest.raises(PlanningFailed) as caught:
        await _resolve(schema, schema.site(schema.release(TENANTS, alone)))
    assert caught.value.sentence == (
        "Migration 022_shifts.sql has no rollback script. Create 022_rollback.sql before deploying."
    )
    assert caught.value.finding == "migration-without-rollback"


async def test_an_applied_one_without_rollback_script_is_let_be(schema: Schema) -> None:
    commit = schema.release({"021_tenants.sql": TENANTS["021_tenants.sql"]})
    await schema.planner.baseline(schema.site(commit, run="adopt"), epoch=1)
    assert (await _resolve(schema, schema.site(commit))).shows == ("No migration",)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            [{**TENANTS, "021_tenants.sql": "create table tenants ();"}, SHIFTS],
            "021_tenants.sql is applied to .* changed",
        ),
        ([SHIFTS, FLAGS], "021_tenants.sql is applied to solvereign-api production, but v42 does not have it"),
        (
            [{"021_other.sql": TENANTS["021_tenants.sql"], "021_rollback.sql": ""}, SHIFTS],
            "021_tenants.sql is applied .* but v42 calls it 021_other.sql",
        ),
        (
            [{"020_late.sql": "select 1;", "020_rollback.sql": "select 1;"}, TENANTS, SHIFTS],
            r"020_late.sql was not applied, but 022_shifts.sql was. Give it a number after 022\.",
        ),
        ([TENANTS, FLAGS], "Between 021_tenants.sql and 023_flags.sql there is no 022"),
        ([TENANTS, SHIFTS, {"022_b.sql": ""}], "have the same number"),
        ([TENANTS, SHIFTS, {**FLAGS, "023_flags.sql": "create tabl x;"}], "023_flags.sql:1: syntax error"),
        ([TENANTS, SHIFTS, {**FLAGS, "023_flags.sql": "\n\\i x.sql"}], r"023_flags.sql:2: \\i is a command of psql"),
        ([TENANTS, SHIFTS, {**FLAGS, "023_rollback.sql": "copy t from stdin;"}], "023_rollback.sql:1: COPY"),
    ],
)
async def test_faults_are_told_before_anything_runs(
    schema: Schema, parts: list[dict[str, str]], sentence: str
) -> None:
    await schema.applied(TENANTS, SHIFTS)
    before = await schema.ask("select * from opsbot.migrations")
    with pytest.raises(PlanningFailed, match=sentence):
        await _resolve(schema, schema.site(schema.release(*parts)))
    assert await schema.ask("select * from opsbot.migrations") == before


async def test_a_folder_that_is_not_there_is_a_fault_not_an_empty_plan(schema: Schema) -> None:
    commit = schema.repository.commit({"README.md": "x"})
    with pytest.raises(PlanningFailed, match=f"There are no migrations in {FOLDER} at v42"):
        await _resolve(schema, schema.site(commit))


async def test_an_environment_without_database_is_a_fault(schema: Schema) -> None:
    site = places.site(service={"migrations": {"folder": FOLDER}}, commit=schema.release(TENANTS))
    with pytest.raises(PlanningFailed, match="production names no database"):
        await _resolve(schema, site)


async def test_a_database_that_is_away_is_unreachable(schema: Schema) -> None:
    site = schema.site(schema.release(TENANTS))
    schema.url = "postgresql://opsbot:canary-password@127.0.0.1:1/nowhere"
    with pytest.raises(Unreachable, match="the database of solvereign-api production did not answer") as caught:
        await _resolve(schema, site)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["not an address canary", "postgresql://u:canary@host:port/x y", ""])
async def test_an_address_that_is_none_is_said_without_it(schema: Schema, url: str) -> None:
    site = schema.site(schema.release(TENANTS))
    schema.url = url
    with pytest.raises(Unreachable) as caught:
        await _resolve(schema, site)
    assert "canary" not in str(caught.value)
    if url:
        assert "SOLVEREIGN_DATABASE holds no address" in str(caught.value)


async def test_a_role_that_may_not_make_the_ledger(schema: Schema, postgres_server: PostgresServer) -> None:
    postgres_server.create_role("narrow")
    schema.url = with_user(schema.admin_url, "narrow")
    site = schema.site(schema.release(TENANTS))
    with pytest.raises(PlanningFailed, match=r"the role narrow may not make one") as caught:
        await _resolve(schema, site)
    way_on = "CREATE SCHEMA opsbot AUTHORIZATION narrow"
    assert way_on in caught.value.sentence
    for said in (way_on, "GRANT CREATE ON SCHEMA public TO narrow"):
        await schema.ask(said)
    assert (await schema.apply.start(await schema.turn(schema.apply, site))).kind == "done"


async def test_a_role_that_may_not_read_the_ledger(schema: Schema, postgres_server: PostgresServer) -> None:
    commit = await schema.applied(TENANTS)
    postgres_server.create_role("narrow")
    schema.url = with_user(schema.admin_url, "narrow")
    with pytest.raises(PlanningFailed, match=r"permission denied .* Make that role the owner of the schema opsbot"):
        await _resolve(schema, schema.site(commit))


async def test_the_releases_of_the_sample_service(schema: Schema, tmp_path: Path) -> None:
    sample = str(build(tmp_path / "sample"))
    settings = {"migrations": {"folder": "backend_py/db/migrations"}, "source": {"repository": sample}}

    async def site(version: str) -> Site:
        found = await schema.source.resolve(sample, version)
        place = {"database": "SOLVEREIGN_DATABASE"}
        return places.site(environment=place, service=settings, version=version, commit=found.commit)

    assert (await schema.apply.start(await schema.turn(schema.apply, await site("v41")))).kind == "done"
    assert await schema.database.version(await site("v41")) == "023_policy_profiles"
    deploy = await schema.turn(schema.apply, await site("v42"))
    assert deploy.step.shows == ("1 migration: 024_tenant_flags.sql (reversible)",)
    assert (await schema.apply.start(deploy)).kind == "done"
    with pytest.raises(
        PlanningFailed, match=r"025_shift_notes\.sql has no rollback script\. Create 025_rollback\.sql"
    ):
        await _resolve(schema, await site("v45"))
    assert (await _resolve(schema, await site("main"))).shows == (
        "1 migration: 025_shift_notes.sql (reversible)",
        "shifts: 24 kB, rows never counted; blocks reads and writes while its rows are changed",
    )


async def test_apply_changes_and_reconciles() -> None:
    assert (MigrationsApply.changes, MigrationsApply.cut.value, MigrationsApply.finding) == (
        True,
        "reconciles",
        "deploy-failed",
    )
