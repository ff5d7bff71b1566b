"""Migrations are applied in order, each once, each with its row in the ledger."""

from dataclasses import replace

import psycopg
import pytest

from runbooks.steps.base import Turn
from runbooks.steps.migrations.files import checksum
from runbooks.vocabulary import Done, Failed, InDoubt
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema, through

ONE = {
    "021_tenants.sql": "create table tenants (code text primary key);\n",
    "021_rollback.sql": "drop table tenants;\n",
}


def _back(number: str) -> dict[str, str]:
    return {f"{number}_rollback.sql": "select 1;"}


async def _turn(schema: Schema, *parts: dict[str, str], epoch: int = 7, **limits: float) -> Turn:
    return await schema.turn(schema.apply, schema.site(schema.release(*parts), **limits), epoch=epoch)


async def test_in_order_each_with_its_row(schema: Schema) -> None:
    commit = schema.release(TENANTS, SHIFTS)
    heard: list[str] = []

    async def hear(line: str) -> None:
        heard.append(line)

    turn = replace(await schema.turn(schema.apply, schema.site(commit)), report=hear)
    outcome = await schema.apply.start(turn)
    assert outcome == Done(
        "2 migrations applied", {"applied": ["021_tenants.sql", "022_shifts.sql"], "stands_at": "022_shifts"}
    )
    assert [line.split(" done in ")[0] for line in heard] == ["021_tenants.sql", "022_shifts.sql"]
    rows = await schema.ask(
        "select number, name, checksum, state, commit, epoch, run, runner, kind, duration > '0'"
        " from opsbot.migrations order by number"
    )
    known = (commit, 7, "D-107", "T01/U01REQUESTER", "plain", True)
    assert rows == [
        (21, "021_tenants.sql", checksum(TENANTS["021_tenants.sql"]), "applied", *known),
        (22, "022_shifts.sql", checksum(SHIFTS["022_shifts.sql"]), "applied", *known),
    ]


async def test_a_file_and_its_row_are_one_transaction(schema: Schema) -> None:
    await through(schema.apply, await _turn(schema, TENANTS))
    same = "select (select xmin from opsbot.migrations) = (select xmin from pg_class where relname = 'tenants')"
    assert await schema.ask(same) == [(True,)]


async def test_done_twice_it_is_done_once(schema: Schema) -> None:
    await schema.ask("create table heard (command text)")
    await schema.ask(
        "create function hear() returns event_trigger language plpgsql as "
        "$$ begin insert into public.heard select tg_tag; end $$"
    )
    await schema.ask(
        "create event trigger outsider on ddl_command_end when tag in ('CREATE TABLE') execute function hear()"
    )
    turn = await _turn(schema, TENANTS, SHIFTS)
    before = await schema.ask("select count(*) from heard")
    first = await schema.apply.start(turn)
    assert await schema.apply.start(turn) == first
    assert await schema.apply.start(replace(turn, epoch=9)) == first
    ledger = 2  # the outsider hears the two tables of the ledger as well
    assert await schema.ask("select count(*) from heard") == [(before[0][0] + ledger + 2,)]


async def test_what_stands_already_is_passed_over(schema: Schema) -> None:
    await schema.applied(TENANTS)
    outcome = await schema.apply.start(await _turn(schema, TENANTS, SHIFTS))
    assert outcome == Done("022_shifts.sql applied", {"applied": ["022_shifts.sql"], "stands_at": "022_shifts"})
    assert await schema.ask("select run from opsbot.migrations order by number") == [("D-106",), ("D-107",)]


async def test_a_file_with_its_own_transactions(schema: Schema) -> None:
    text = "begin;\ncreate table a ();\ncommit;\nbegin;\ncreate table b ();\nrollback;\n"
    own = {"021_own.sql": text, **_back("021")}
    outcome = await schema.apply.start(await _turn(schema, own))
    assert outcome.kind == "done"
    assert await schema.tables() == {"a"}
    assert await schema.ask("select kind, state from opsbot.migrations") == [("own-transaction", "applied")]


async def test_an_index_built_concurrently(schema: Schema) -> None:
    text = '-- outside-transactions\ncreate index concurrently "By Code" on tenants (code);\nanalyze tenants;\n'
    outcome = await schema.apply.start(await _turn(schema, TENANTS, {"022_index.sql": text, **_back("022")}))
    assert outcome.kind == "done"
    assert await schema.ask("select indisvalid from pg_index where indrelid = 'tenants'::regclass") == [(True,)]


async def test_an_invalid_index_that_is_passed_over_is_found(schema: Schema) -> None:
    await schema.applied(TENANTS)
    await schema.ask("insert into tenants values ('twice'), ('twice')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        await schema.ask("create unique index concurrently by_code on tenants (code)")
    text = "-- outside-transactions\ncreate unique index concurrently if not exists by_code on tenants (code);\n"
    outcome = await schema.apply.start(await _turn(schema, TENANTS, {"022_index.sql": text, **_back("022")}))
    assert isinstance(outcome, Failed)
    way_on = '`drop index concurrently "by_code";`'
    assert f'The index "by_code" is left invalid: {way_on} before it is built again' in outcome.reason
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_index.sql", "failed")]


async def test_an_index_that_could_not_be_built_is_left_invalid_and_named(schema: Schema) -> None:
    await schema.applied(TENANTS)
    await schema.ask("insert into tenants values ('twice'), ('twice')")
    text = (
        "-- outside-transactions\ncreate unique index concurrently by_code on tenants (code);\n"
        "create index concurrently not_begun on tenants (code);\n"
    )
    index = {"022_index.sql": text, **_back("022")}
    outcome = await schema.apply.start(await _turn(schema, TENANTS, index))
    assert outcome == Failed(
        '022_index.sql failed at line 2: could not create unique index "by_code". The index "by_code" is left '
        'invalid: `drop index concurrently "by_code";` before it is built again. The database stands at 021; '
        "a part of 022_index.sql stands too, since it does not run in one transaction. Mend it and deploy again. "
        "You will be asked then what stands of it.",
        {"applied": [], "stands_at": "021_tenants"},
    )
    await schema.ask('drop index concurrently "by_code"')
    await schema.ask("delete from tenants")
    again = await _turn(schema, TENANTS, index, epoch=8)
    asked = await schema.apply.start(again)
    assert isinstance(asked, InDoubt)
    assert (await schema.apply.start(replace(again, choice=asked.choices[1].value))).kind == "done"
    valid = "select bool_and(indisvalid) from pg_index where indrelid = 'tenants'::regclass"
    assert await schema.ask(valid) == [(True,)]


async def test_what_a_file_sets_is_gone_for_the_next_and_for_the_ledger(schema: Schema) -> None:
    await schema.ask("drop role if exists somebody")
    await schema.ask("create role somebody")
    await schema.ask("grant create on schema public to somebody")
    first = {
        "021_a.sql": "set role somebody; set search_path = pg_catalog; create table public.a ();",
        **_back("021"),
    }
    second = {"022_b.sql": "create temp table gone (); create table b ();", **_back("022")}
    third = {"023_c.sql": "set session authorization somebody; create temp table gone ();", **_back("023")}
    outcome = await schema.apply.start(await _turn(schema, first, second, third))
    assert outcome.kind == "done", outcome
    owners = await schema.ask("select tablename, tableowner from pg_tables where schemaname = 'public' order by 1")
    assert owners == [("a", "somebody"), ("b", "postgres")]
    await schema.ask("drop owned by somebody")
    await schema.ask("drop role somebody")


async def test_each_file_runs_under_the_limits_of_the_catalogue(schema: Schema) -> None:
    names = "'lock_timeout', 'statement_timeout', 'client_connection_check_interval', 'application_name'"
    look = f"select name, setting from pg_settings where name in ({names})"  # noqa: S608 # constants
    first = {"021_a.sql": f"create table a as {look};\nset lock_timeout = 1;", **_back("021")}
    second = {"022_b.sql": f"create table b as {look};", **_back("022")}
    third = {"023_c.sql": f"-- outside-transactions\ncreate table c as {look};", **_back("023")}
    await schema.apply.start(await _turn(schema, first, second, third, lock_timeout=1.5, statement_timeout=60))
    expected = {
        "lock_timeout": "1500",
        "statement_timeout": "60000",
        "client_connection_check_interval": "1000",
        "application_name": "opsbot:D-107/the-step",
    }
    assert dict(await schema.ask("select * from a")) == expected
    assert dict(await schema.ask("select * from b")) == expected
    assert dict(await schema.ask("select * from c")) == {**expected, "lock_timeout": "0"}


async def test_percent_signs_and_other_alphabets_pass_as_they_are(schema: Schema) -> None:
    text = "create table a (t text);\ninsert into a values ('100 % ä😀 %s %(x)s'), ('é');\n"
    outcome = await schema.apply.start(await _turn(schema, {"021_a.sql": text, **_back("021")}))
    assert outcome.kind == "done"
    assert await schema.ask("select t from a order by t") == [("100 % ä😀 %s %(x)s",), ("é",)]


# ------------------------------------------------------------ failures


async def test_one_that_fails_half_way_leaves_nothing_of_itself(schema: Schema) -> None:
    bad = {"022_shifts.sql": "create table shifts ();\n\nselect missing\n  from tenants;\n", **_back("022")}
    outcome = await schema.apply.start(await _turn(schema, TENANTS, bad, FLAGS))
    assert outcome == Failed(
        '022_shifts.sql failed at line 3: column "missing" does not exist. '
        "The database stands at 021; nothing of 022_shifts.sql was kept. Mend it and deploy again.",
        {"applied": ["021_tenants.sql"], "stands_at": "021_tenants"},
    )
    assert await schema.tables() == {"tenants"}
    assert await schema.ledger() == [("021_tenants.sql", "applied")]


async def test_a_mended_file_goes_on_where_it_stands(schema: Schema) -> None:
    await schema.apply.start(await _turn(schema, TENANTS, {"022_shifts.sql": "select missing;", **_back("022")}))
    outcome = await schema.apply.start(await _turn(schema, TENANTS, SHIFTS, epoch=8))
    assert outcome.kind == "done"
    assert await schema.tables() == {"tenants", "shifts"}


async def test_a_constraint_that_fails_at_the_commit(schema: Schema) -> None:
    bad = {
        "022_shifts.sql": "create table shifts (code text references tenants deferrable initially deferred);\n"
        "insert into shifts values ('canary-row');",
        **_back("022"),
    }
    outcome = await schema.apply.start(await _turn(schema, ONE, bad))
    assert isinstance(outcome, Failed)
    assert "022_shifts.sql failed: insert or update on table" in outcome.reason
    assert await schema.tables() == {"tenants"}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into tenants values ('canary'), ('canary');",
        "select 'canary'::int;",
        "select '2026-13-canary'::date;",
        "alter table tenants add check (code <> 'canary'); insert into tenants values ('canary');",
    ],
)
async def test_an_error_shows_no_values_of_rows(schema: Schema, statement: str) -> None:
    outcome = await schema.apply.start(await _turn(schema, ONE, {"022_b.sql": statement, **_back("022")}))
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("022_b.sql failed at line 1: ")
    assert "canary" not in outcome.reason
    assert "\n" not in outcome.reason


async def test_a_statement_that_takes_too_long(schema: Schema) -> None:
    slow = {"021_slow.sql": "select 1;\nselect pg_sleep(60);", **_back("021")}
    outcome = await schema.apply.start(await _turn(schema, slow, statement_timeout=0.2))
    assert isinstance(outcome, Failed)
    assert "021_slow.sql failed at line 2: canceling statement due to statement timeout" in outcome.reason
    assert "No migration stands in the database" in outcome.reason


async def test_a_file_with_own_transactions_that_kept_nothing(schema: Schema) -> None:
    bad = {"022_own.sql": "begin;\ncreate table a ();\nselect missing;\ncommit;\n", **_back("022")}
    outcome = await schema.apply.start(await _turn(schema, TENANTS, bad))
    assert isinstance(outcome, Failed)
    assert "nothing of 022_own.sql was kept" in outcome.reason
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_own.sql", "reverted")]
    assert await schema.tables() == {"tenants"}


async def test_a_file_with_own_transactions_that_kept_a_part(schema: Schema) -> None:
    bad = {"022_own.sql": "begin;\ncreate table a ();\ncommit;\nselect missing;\n", **_back("022")}
    turn = await _turn(schema, TENANTS, bad)
    outcome = await schema.apply.start(turn)
    assert isinstance(outcome, Failed)
    assert "The database stands at 021; a part of 022_own.sql stands too" in outcome.reason
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_own.sql", "failed")]
    again = await _turn(schema, TENANTS, {**bad, "022_own.sql": "create table if not exists a ();"}, epoch=8)
    assert again.step.shows == (
        "1 migration: 022_own.sql (reversible)",
        "022_own.sql was left half-way by D-107: a person will be asked what stands",
    )
    asked = await schema.apply.start(again)
    assert isinstance(asked, InDoubt)
    assert "022_own.sql, which commits by itself, failed half-way in D-107" in asked.question
    outcome = await schema.apply.start(replace(again, choice=asked.choices[1].value))
    assert outcome.kind == "done"


async def test_a_file_that_is_no_longer_what_was_planned(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS)
    other = schema.release({**TENANTS, "021_tenants.sql": "create table other ();"})
    outcome = await schema.apply.start(replace(turn, site=replace(turn.site, commit=other)))
    assert outcome == Failed("021_tenants.sql or its rollback script is no longer what was planned.")
    assert await schema.tables() == set()


async def test_one_that_was_applied_meanwhile_with_another_content(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS)
    await schema.applied({**TENANTS, "021_tenants.sql": "create table other ();"})
    outcome = await schema.apply.start(turn)
    assert isinstance(outcome, Failed)
    assert "021_tenants.sql was applied meanwhile with another content" in outcome.reason
    assert await schema.tables() == {"other"}
