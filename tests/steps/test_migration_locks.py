"""Migrations beside other sessions: locks are waited for without blocking anybody, an older holder is shut out."""

import asyncio
import re
from dataclasses import replace

import psycopg
import pytest

from runbooks.steps.migrations.run import TRIES
from runbooks.vocabulary import Failed, Fenced, Pending
from sandbox.waiting import until
from tests.fixtures.schemas import SHIFTS, TENANTS, Schema, through
from tests.steps.half_way import OWN, WAITS, applying, back, held_up

# ------------------------------------------------------------ locks


async def test_a_table_in_use_is_waited_for_without_blocking_others(schema: Schema) -> None:
    await schema.applied(TENANTS)
    turn = await applying(
        schema, TENANTS, {"022_b.sql": "alter table tenants add b int;", **back("022")}, lock_timeout=0.05
    )
    async with await psycopg.AsyncConnection.connect(schema.url, application_name="report") as reader:
        await reader.execute("select * from tenants")
        outcome = await schema.apply.start(turn)
        assert isinstance(outcome, Pending)
        holder = rf"report \(process {reader.info.backend_pid}, idle in its transaction\) has held tenants"
        when = r"since \d\d \w\w\w \d\d:\d\d UTC"
        assert re.fullmatch(rf"022_b.sql waits for a table in use: {holder} {when} \(try 2 of 8\)", outcome.line)
        assert outcome.token == {"tries": 2, "at": 22}
        assert outcome.check_at > turn.now
        assert await schema.ask("select 1 from pg_locks where not granted") == []
        await reader.commit()
    assert (await schema.apply.check(turn, outcome.token)).kind == "done"


async def test_a_table_that_stays_in_use_is_given_up(schema: Schema) -> None:
    await schema.applied(TENANTS)
    turn = await applying(
        schema, TENANTS, {"022_b.sql": "alter table tenants add b int;", **back("022")}, lock_timeout=0.02
    )
    async with await psycopg.AsyncConnection.connect(schema.url) as reader:
        await reader.execute("select * from tenants")
        outcome, lines = await through(schema.apply, turn)
    assert len(lines) == TRIES - 1
    assert isinstance(outcome, Failed)
    assert "022_b.sql failed at line 1: it did not get its lock in time (" in outcome.reason
    assert "has held tenants since" in outcome.reason
    assert "The database stands at 021; nothing of 022_b.sql was kept" in outcome.reason
    assert outcome.reason.endswith("wait until the table is free, or end what holds it, then deploy again.")


async def test_who_holds_up_nobody_is_not_named(schema: Schema) -> None:
    """A reader does not keep an index from being built; the writer does."""
    await schema.applied(TENANTS)
    turn = await applying(
        schema, TENANTS, {"022_b.sql": "create index i on tenants (code);", **back("022")}, lock_timeout=0.05
    )
    async with (
        await psycopg.AsyncConnection.connect(schema.url, application_name="report") as reader,
        await psycopg.AsyncConnection.connect(schema.url, application_name="importer") as writer,
    ):
        await reader.execute("select * from tenants")
        await writer.execute("insert into tenants values ('a')")
        pid = writer.info.backend_pid
        outcome = await schema.apply.start(turn)
    assert isinstance(outcome, Pending)
    assert f"importer (process {pid}" in outcome.line
    assert "report" not in outcome.line


async def test_an_index_built_concurrently_waits_for_old_transactions(schema: Schema) -> None:
    await schema.applied(TENANTS)
    text = "-- outside-transactions\ncreate index concurrently by_code on tenants (code);\n"
    turn = await applying(schema, TENANTS, {"022_index.sql": text, **back("022")}, lock_timeout=0.02)
    async with await psycopg.AsyncConnection.connect(schema.url) as writer:
        await writer.execute("insert into tenants values ('a')")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        await writer.commit()
        assert (await task).kind == "done"


async def test_only_one_session_migrates(schema: Schema) -> None:
    await schema.applied(TENANTS)
    turn = await applying(schema, TENANTS, SHIFTS)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True, application_name="psql") as other:
        await other.execute("select pg_advisory_lock(1330664258, 1)")
        outcome = await schema.apply.start(turn)
        assert isinstance(outcome, Pending)
        assert "psql holds the lock of migrations" in outcome.line
        ours = "select from pg_stat_activity where starts_with(application_name, 'opsbot:')"
        await until(lambda: _is_gone(schema, ours), what="no session of ours while it waits")
        given_up, lines = await through(schema.apply, turn)
        assert isinstance(given_up, Failed)
        assert len(lines) == TRIES - 1
        await other.execute("select pg_advisory_unlock(1330664258, 1)")
        assert (await schema.apply.check(turn, outcome.token)).kind == "done"


async def test_a_session_that_lost_its_lock_writes_nothing_more(schema: Schema) -> None:
    pooled = {
        "021_a.sql": "select pg_advisory_unlock_all();",
        **back("021"),
    }  # as a pooler may, between transactions
    outcome = await schema.apply.start(await applying(schema, pooled, SHIFTS))
    assert isinstance(outcome, Failed)
    assert "migrations need a direct connection, not a pooler" in outcome.reason
    assert await schema.ledger() == [("021_a.sql", "applied")]


async def _is_gone(schema: Schema, query: str) -> bool:
    return await schema.ask(query) == []


async def test_a_lock_that_was_not_held_to_the_end_is_logged(
    schema: Schema, caplog: pytest.LogCaptureFixture
) -> None:
    pooled = {"021_a.sql": "select pg_advisory_unlock_all();", **back("021")}
    assert (await schema.apply.start(await applying(schema, pooled))).kind == "done"
    assert "the lock of migrations was not held to the end: is a pooler in between?" in caplog.text


# ------------------------------------------------------------ epochs


async def test_a_newer_epoch_refuses_us(schema: Schema) -> None:
    turn = await applying(schema, TENANTS)
    await schema.database.fence(turn.site, 8)
    for doing in (schema.apply.start(turn), schema.apply.settle(turn), schema.apply.check(turn, {})):
        with pytest.raises(Fenced, match="epoch 8 is on the database's fence, ours is 7"):
            await doing
    assert await schema.tables() == set()
    assert await schema.ask("select epoch from opsbot.fence") == [(8,)]


async def test_starting_writes_our_epoch(schema: Schema) -> None:
    await schema.apply.start(await applying(schema, TENANTS, epoch=7))
    assert await schema.ask("select epoch from opsbot.fence") == [(7,)]


async def test_a_newer_holder_ends_the_older_one_in_the_middle(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, WAITS, lock_timeout=30)
    async with held_up(schema, schema.apply.start(turn)) as task:
        await schema.database.fence(replace(turn.site, run="R-12", supersedes=("D-107",)), 8)
        outcome = await task
    assert isinstance(outcome, Pending)
    with pytest.raises(Fenced):
        await schema.apply.check(turn, outcome.token)
    assert await schema.ledger() == [("021_tenants.sql", "applied")]
    assert await schema.tables() == {"tenants"}


async def test_a_newer_holder_ends_statements_outside_transactions_too(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, OWN, lock_timeout=30)
    async with held_up(schema, schema.apply.start(turn)) as task:
        clause = await schema.apply.abandon(replace(turn, epoch=8))
        assert (await task).kind == "pending"
    assert clause == "021_tenants.sql is applied, 022_shifts.sql was cut off half-way"
    assert await schema.tables() == {"tenants", "shifts"}


async def test_a_fence_between_two_statements_stops_the_rest(schema: Schema) -> None:
    """The epoch is raised by somebody who may not end our session: the next statement outside sees it."""
    text = "begin; select 1; commit;\nupdate opsbot.fence set epoch = 9;\ncreate table late ();\n"
    with pytest.raises(Fenced):
        await schema.apply.start(await applying(schema, TENANTS, {"022_own.sql": text, **back("022")}))
    assert await schema.tables() == {"tenants"}
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_own.sql", "applying")]


async def test_a_fence_between_two_files_refuses_the_second(schema: Schema) -> None:
    async def taken_over(_line: str) -> None:
        await schema.ask("update opsbot.fence set epoch = 9")

    turn = replace(await applying(schema, TENANTS, SHIFTS), report=taken_over)
    with pytest.raises(Fenced):
        await schema.apply.start(turn)
    assert await schema.tables() == {"tenants"}
    assert await schema.ledger() == [("021_tenants.sql", "applied")]


async def test_a_file_in_the_middle_holds_the_fence(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, WAITS, lock_timeout=30)
    async with held_up(schema, schema.apply.start(turn)) as task:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await schema.ask("select * from opsbot.fence for update nowait")
    assert (await task).kind == "done"


async def test_abandoning_what_had_not_begun(schema: Schema) -> None:
    turn = await applying(schema, TENANTS)
    assert await schema.apply.abandon(turn) == "the schema was not changed"
    assert await schema.ask("select epoch from opsbot.fence") == [(7,)]
