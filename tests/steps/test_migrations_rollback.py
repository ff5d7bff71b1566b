"""Migrations are taken back only by scripts that a person has seen, newest first."""

from dataclasses import replace

import psycopg
import pytest

from runbooks.steps.base import Turn, Untouched
from runbooks.steps.migrations.downs import fetch, newer
from runbooks.vocabulary import Done, Failed, Fenced, InDoubt, Means, NotDone, Pending, Unreachable, Waiting
from tests.fixtures.cutting import CuttingProxy
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema
from tests.steps import places
from tests.steps.half_way import held_up

LEAVE = "leave"


async def _turn(schema: Schema, commit: str, *, to: str = "021_tenants", epoch: int = 9, **limits: float) -> Turn:
    site = schema.back_to(to, schema.site(commit, **limits))
    return await schema.turn(schema.rollback, site, epoch=epoch)


async def _agreed(schema: Schema, turn: Turn) -> Turn:
    """The turn after somebody chose to run the scripts, and agreed to what each of them takes away."""
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    (choice,) = (c.value for c in asked.choices if c.danger)
    downs = await fetch(schema.source, turn.site, newer(await schema.database.rows(turn.site), turn.site))
    assert choice == downs.consent
    return replace(turn, choice=downs.losing(len(downs.lossy)) if downs.lossy else choice)


async def test_nothing_was_applied_since(schema: Schema) -> None:
    commit = await schema.applied(TENANTS)
    turn = await _turn(schema, commit)
    assert (turn.step.params, turn.step.shows) == ({"files": []}, ())
    assert await schema.rollback.start(turn) == Done("no migration was applied since")


@pytest.mark.parametrize("settings", [{}, {"migrations": {"folder": "db"}}])
async def test_a_service_without_schema(schema: Schema, settings: dict[str, object]) -> None:
    turn = await schema.turn(schema.rollback, schema.back_to("021_tenants", places.site(service=settings)))
    assert await schema.rollback.start(turn) == Done("no schema to take back")
    assert await schema.rollback.settle(turn) == NotDone()
    assert await schema.rollback.abandon(turn) == ""


async def test_the_schema_stays_until_a_person_has_seen_the_scripts(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS, FLAGS)
    turn = await _turn(schema, commit)
    assert turn.step.shows == ("Schema: 022_shifts.sql, 023_flags.sql stay unless a person decides otherwise",)
    assert [f["name"] for f in turn.step.params["files"]] == ["023_flags.sql", "022_shifts.sql"]
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    assert asked.on == "a decision about the schema"
    assert [(c.label, c.means, c.danger) for c in asked.choices] == [
        ("Leave the schema as it is", Means.DONE, False),
        ("Run 2 rollback scripts", Means.AGAIN, True),
    ]
    assert asked.detail == (
        "Schema: 022_shifts.sql, 023_flags.sql stay unless a person decides otherwise.\n\n"
        "023_rollback.sql, the way back of 023_flags.sql: drops table flags\ndrop table flags;\n\n"
        "022_rollback.sql, the way back of 022_shifts.sql: drops table shifts\ndrop table shifts;"
    )
    assert await schema.tables() == {"tenants", "shifts", "flags"}


async def test_the_scripts_run_newest_first(schema: Schema) -> None:
    needs = {
        "023_flags.sql": "create view flags as select * from shifts;",  # 022 can't go before it
        "023_rollback.sql": "drop view flags;",
    }
    commit = await schema.applied(TENANTS, SHIFTS, needs)
    turn = await _agreed(schema, await _turn(schema, commit))
    assert await schema.rollback.start(turn) == Done(
        "2 migrations taken back", {"reverted": ["023_flags.sql", "022_shifts.sql"], "stands_at": "021_tenants"}
    )
    assert await schema.tables() == {"tenants"}
    assert await schema.ask("select name, state, epoch, run from opsbot.migrations order by number") == [
        ("021_tenants.sql", "applied", 6, "D-106"),
        ("022_shifts.sql", "reverted", 9, "R-12"),
        ("023_flags.sql", "reverted", 9, "R-12"),
    ]
    assert await schema.database.version(turn.site) == "021_tenants"


async def test_a_script_and_its_row_are_one_transaction(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, {**SHIFTS, "022_rollback.sql": "create table trace ();"})
    await schema.rollback.start(await _agreed(schema, await _turn(schema, commit)))
    same = """select (select xmin from opsbot.migrations where number = 22)
        = (select xmin from pg_class where relname = 'trace')"""
    assert await schema.ask(same) == [(True,)]


async def test_done_twice_it_is_done_once_and_then_it_can_be_applied_again(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _agreed(schema, await _turn(schema, commit))
    first = await schema.rollback.start(turn)
    assert await schema.rollback.start(turn) == first
    assert await schema.rollback.settle(turn) == first
    deploy = await schema.turn(schema.apply, schema.site(commit, run="D-108"), epoch=10)
    assert deploy.step.shows == ("1 migration: 022_shifts.sql (reversible)",)
    assert (await schema.apply.start(deploy)).kind == "done"
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_shifts.sql", "applied")]


async def test_scripts_come_from_the_commit_that_brought_the_migration(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS)
    other = schema.release(TENANTS, {**SHIFTS, "022_rollback.sql": "select 'never';"})
    turn = await _agreed(schema, await _turn(schema, other))
    assert (await schema.rollback.start(turn)).kind == "done"
    assert await schema.tables() == {"tenants"}


async def test_an_agreement_to_other_texts_is_none(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _agreed(schema, await _turn(schema, commit))
    await schema.applied(TENANTS, SHIFTS, FLAGS)
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    assert "023_rollback.sql" in asked.detail
    assert await schema.tables() == {"tenants", "shifts", "flags"}


async def test_one_without_rollback_script_can_only_stay(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _agreed(schema, await _turn(schema, commit))
    alone = schema.release(TENANTS, {"022_shifts.sql": SHIFTS["022_shifts.sql"]})
    await schema.ask("update opsbot.migrations set commit = %s", [alone])
    asked = await schema.rollback.start(replace(turn, choice=""))
    assert isinstance(asked, Waiting)
    assert [c.value for c in asked.choices] == [LEAVE]
    missing = f"022_shifts.sql has no rollback script in {alone[:7]}, the commit it was applied from."
    assert missing in asked.detail
    assert await schema.rollback.start(turn) == Failed(f"{missing} The schema was not changed.")
    assert await schema.tables() == {"tenants", "shifts"}


async def test_what_stood_before_the_ledger_is_never_offered(schema: Schema) -> None:
    commit = schema.release(TENANTS, SHIFTS)
    await schema.planner.baseline(schema.site(commit, run="adopt"), epoch=1)
    assert await schema.rollback.start(await _turn(schema, commit)) == Done("no migration was applied since")


async def test_a_script_that_fails_leaves_all_as_it_was(schema: Schema) -> None:
    bad = {**SHIFTS, "022_rollback.sql": "drop table shifts;\ndrop table missing;"}
    commit = await schema.applied(TENANTS, bad, FLAGS)
    outcome = await schema.rollback.start(await _agreed(schema, await _turn(schema, commit)))
    assert outcome == Failed(
        '022_rollback.sql failed at line 2: table "missing" does not exist. The database stands at 022; '
        "nothing of 022_rollback.sql was kept. Mend the schema by hand, or leave it as it is.",
        {"reverted": ["023_flags.sql"], "stands_at": "022_shifts"},
    )
    assert await schema.tables() == {"tenants", "shifts"}


async def test_an_index_is_taken_back_outside_transactions(schema: Schema) -> None:
    index = {
        "022_index.sql": "-- outside-transactions\ncreate index concurrently by_code on tenants (code);",
        "022_rollback.sql": "-- outside-transactions\ndrop index concurrently by_code;",
    }
    commit = await schema.applied(TENANTS, index)
    outcome = await schema.rollback.start(await _agreed(schema, await _turn(schema, commit)))
    assert outcome.kind == "done"
    assert await schema.ask("select count(*) from pg_indexes where schemaname = 'public'") == [(0,)]
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_index.sql", "reverted")]


# ------------------------------------------------------------ what is away


async def test_a_rollback_is_planned_while_the_database_is_away(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    schema.url = "postgresql://127.0.0.1:1/nowhere"
    turn = await _turn(schema, commit)
    assert turn.step.shows == (
        "Schema: not known, the database of solvereign-api production did not answer; it stays as it is",
    )
    with pytest.raises(Unreachable):
        await schema.rollback.start(turn)
    schema.url = schema.admin_url
    assert isinstance(await schema.rollback.start(turn), Waiting)


async def test_the_schema_can_be_left_while_the_source_is_away(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _turn(schema, commit)
    service = turn.site.service
    gone = service.model_copy(update={"source": service.source.model_copy(update={"repository": "/nowhere"})})
    asked = await schema.rollback.start(replace(turn, site=replace(turn.site, service=gone)))
    assert isinstance(asked, Waiting)
    assert [(c.value, c.means) for c in asked.choices] == [(LEAVE, Means.DONE), ("look-again", Means.AGAIN)]
    assert "The rollback scripts can't be read now: the source did not answer" in asked.detail
    assert isinstance(await schema.rollback.start(replace(turn, choice="look-again")), Waiting)


# ------------------------------------------------------------ cuts and epochs


async def test_before_anybody_agreed_nothing_can_have_happened(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _turn(schema, commit)
    assert await schema.rollback.settle(turn) == NotDone()
    assert await schema.ask("select epoch from opsbot.fence") == [(9,)], "the database is fenced all the same"
    clause = await schema.rollback.abandon(turn)
    assert (clause, type(clause)) == ("the schema was not changed", Untouched)


async def test_a_newer_epoch_refuses_us(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _agreed(schema, await _turn(schema, commit))
    await schema.database.fence(turn.site, 10)
    for doing in (schema.rollback.start(turn), schema.rollback.settle(turn)):
        with pytest.raises(Fenced):
            await doing
    assert await schema.tables() == {"tenants", "shifts"}


@pytest.mark.parametrize("deliver", [True, False])
async def test_a_commit_whose_answer_was_lost(schema: Schema, deliver: bool) -> None:
    commit = await schema.applied(TENANTS, SHIFTS, FLAGS)
    turn = await _agreed(schema, await _turn(schema, commit))
    async with CuttingProxy(schema.url, at=b"COMMIT", deliver=deliver).running() as proxy:
        schema.url = proxy.url
        outcome = await schema.rollback.start(turn)
        assert isinstance(outcome, Pending)
        assert proxy.cut == 1
        settled = await schema.rollback.settle(replace(turn, epoch=10))
        assert settled == NotDone(), "one of two at most is taken back"
        assert (await schema.rollback.start(replace(turn, epoch=10))).kind == "done"
    assert [state for _, state in await schema.ledger()] == ["applied", "reverted", "reverted"]


async def test_a_script_cut_off_outside_a_transaction_is_in_doubt(schema: Schema) -> None:
    own = {
        "022_shifts.sql": "create table shifts ();",
        "022_rollback.sql": "begin; drop table shifts; commit; select pg_advisory_lock(42);",
    }
    commit = await schema.applied(TENANTS, own)
    turn = await _agreed(schema, await _turn(schema, commit, lock_timeout=30))
    async with held_up(schema, schema.rollback.start(turn)) as task:
        clause = await schema.rollback.abandon(replace(turn, epoch=10))
        assert isinstance(await task, Pending)
    assert clause == "022_shifts.sql was cut off half-way"
    later = replace(turn, epoch=11)
    asked = await schema.rollback.settle(later)
    assert isinstance(asked, InDoubt)
    assert "Taking back 022_shifts.sql, which commits by itself, was cut off in R-12" in asked.question
    assert [c.label for c in asked.choices][:2] == [
        "Nothing of it stands: go on",
        "It stands: run its rollback script",
    ]
    outcome = await schema.rollback.start(replace(later, choice=asked.choices[0].value))
    assert outcome.kind == "done"
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_shifts.sql", "reverted")]


async def test_a_migration_that_a_deploy_left_half_way_is_asked_about(schema: Schema) -> None:
    half = {**SHIFTS, "022_shifts.sql": "begin; create table shifts (); commit; select missing;"}
    commit = schema.release(TENANTS, half)
    deploy = await schema.turn(schema.apply, schema.site(commit))
    assert (await schema.apply.start(deploy)).kind == "failed"
    turn = await _turn(schema, commit)
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    assert (
        "022_rollback.sql, the way back of 022_shifts.sql, left half-way by D-107: drops table shifts" in asked.detail
    )
    doubt = await schema.rollback.start(await _agreed(schema, turn))
    assert isinstance(doubt, InDoubt)
    outcome = await schema.rollback.start(replace(turn, choice=doubt.choices[1].value))
    assert outcome.kind == "done"
    assert await schema.tables() == {"tenants"}


async def test_a_role_without_rights_fails_plainly(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    turn = await _turn(schema, commit)
    await schema.ask("drop role if exists stranger")
    await schema.ask("create role stranger login")
    schema.url = psycopg.conninfo.make_conninfo(schema.admin_url, user="stranger")
    outcome = await schema.rollback.start(turn)
    assert isinstance(outcome, Failed)
    assert "Make that role the owner of the schema opsbot" in outcome.reason
    with pytest.raises(Exception, match="permission denied"):
        await schema.rollback.resolve(schema.rollback.params(), turn.site)
