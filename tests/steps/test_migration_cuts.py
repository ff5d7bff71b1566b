import asyncio
from dataclasses import replace

import psycopg
import pytest

from runbooks.steps.base import Turn
from runbooks.steps.migrations.run import TRIES
from runbooks.vocabulary import Failed, Fenced, InDoubt, NotDone, Pending, Unreachable
from tests.fixtures.cutting import CuttingProxy
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema, through

WAITS = {
    "022_shifts.sql": "create table shifts ();\nselect pg_advisory_xact_lock(42);\ncreate table late ();\n",
    "022_rollback.sql": "drop table shifts, late;",
}
OWN = {
    "022_shifts.sql": "begin;\ncreate table shifts ();\ncommit;\n"
    "select pg_advisory_lock(42);\ncreate table late ();\nselect pg_advisory_unlock(42);\n",
    "022_rollback.sql": "drop table shifts, late;",
}


def _back(number: str) -> dict[str, str]:
    return {f"{number}_rollback.sql": "select 1;"}


async def _turn(schema: Schema, *parts: dict[str, str], epoch: int = 7, **limits: float) -> Turn:
    return await schema.turn(schema.apply, schema.site(schema.release(*parts), **limits), epoch=epoch)


# ------------------------------------------------------------ locks


async def test_a_table_in_use_is_waited_for_without_blocking_others(schema: Schema) -> None:
    await schema.applied(TENANTS)
    turn = await _turn(
        schema, TENANTS, {"022_b.sql": "alter table tenants add b int;", **_back("022")}, lock_timeout=0.05
    )
    async with await psycopg.AsyncConnection.connect(schema.url) as reader:
        await reader.execute("select * from tenants")
        outcome = await schema.apply.start(turn)
        assert outcome == Pending(
            check_at=outcome.check_at if isinstance(outcome, Pending) else turn.now,
            line="022_b.sql waits for a table in use (try 2 of 8)",
            token={"tries": 2, "at": 22},
        )
        assert outcome.check_at > turn.now
        assert await schema.ask("select 1 from pg_locks where not granted") == []
        await reader.commit()
    assert (await schema.apply.check(turn, outcome.token)).kind == "done"


async def test_a_table_that_stays_in_use_is_given_up(schema: Schema) -> None:
    await schema.applied(TENANTS)
    turn = await _turn(
        schema, TENANTS, {"022_b.sql": "alter table tenants add b int;", **_back("022")}, lock_timeout=0.02
    )
    async with await psycopg.AsyncConnection.connect(schema.url) as reader:
        await reader.execute("select * from tenants")
        outcome, lines = await through(schema.apply, turn)
    assert len(lines) == TRIES - 1
    assert isinstance(outcome, Failed)
    assert "022_b.sql failed at line 1: it did not get its lock in time. The database stands at 021" in outcome.reason


async def test_an_index_built_concurrently_waits_for_old_transactions(schema: Schema) -> None:
    await schema.applied(TENANTS)
    text = "-- outside-transactions\ncreate index concurrently by_code on tenants (code);\n"
    turn = await _turn(schema, TENANTS, {"022_index.sql": text, **_back("022")}, lock_timeout=0.02)
    async with await psycopg.AsyncConnection.connect(schema.url) as writer:
        await writer.execute("insert into tenants values ('a')")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        await writer.commit()
        assert (await task).kind == "done"


async def test_only_one_session_migrates(schema: Schema) -> None:
    await schema.applied(TENANTS)
    turn = await _turn(schema, TENANTS, SHIFTS)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True, application_name="psql") as other:
        await other.execute("select pg_advisory_lock(1330664258, 1)")
        outcome = await schema.apply.start(turn)
        assert isinstance(outcome, Pending)
        assert "psql holds the lock of migrations" in outcome.line
        given_up, lines = await through(schema.apply, turn)
        assert isinstance(given_up, Failed)
        assert len(lines) == TRIES - 1
        await other.execute("select pg_advisory_unlock(1330664258, 1)")
        assert (await schema.apply.check(turn, outcome.token)).kind == "done"


async def test_a_session_that_lost_its_lock_writes_nothing_more(schema: Schema) -> None:
    pooled = {
        "021_a.sql": "select pg_advisory_unlock_all();",
        **_back("021"),
    }  # as a pooler may, between transactions
    outcome = await schema.apply.start(await _turn(schema, pooled, SHIFTS))
    assert isinstance(outcome, Failed)
    assert "migrations need a direct connection, not a pooler" in outcome.reason
    assert await schema.ledger() == [("021_a.sql", "applied")]


# ------------------------------------------------------------ epochs


async def test_a_newer_epoch_refuses_us(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS)
    await schema.database.fence(turn.site, 8)
    for doing in (schema.apply.start(turn), schema.apply.settle(turn), schema.apply.check(turn, {})):
        with pytest.raises(Fenced, match="epoch 8 is on the database's fence, ours is 7"):
            await doing
    assert await schema.tables() == set()
    assert await schema.ask("select epoch from opsbot.fence") == [(8,)]


async def test_starting_writes_our_epoch(schema: Schema) -> None:
    await schema.apply.start(await _turn(schema, TENANTS, epoch=7))
    assert await schema.ask("select epoch from opsbot.fence") == [(7,)]


async def test_a_newer_holder_ends_the_older_one_in_the_middle(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, WAITS, lock_timeout=30)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        await schema.database.fence(replace(turn.site, run="R-12", supersedes=("D-107",)), 8)
        outcome = await task
    assert isinstance(outcome, Pending)
    with pytest.raises(Fenced):
        await schema.apply.check(turn, outcome.token)
    assert await schema.ledger() == [("021_tenants.sql", "applied")]
    assert await schema.tables() == {"tenants"}


async def test_a_newer_holder_ends_statements_outside_transactions_too(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, OWN, lock_timeout=30)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        clause = await schema.apply.abandon(replace(turn, epoch=8))
        assert (await task).kind == "pending"
    assert clause == "021_tenants.sql is applied, 022_shifts.sql was cut off half-way"
    assert await schema.tables() == {"tenants", "shifts"}


async def test_a_fence_between_two_statements_stops_the_rest(schema: Schema) -> None:
    """The epoch is raised by somebody who may not end our session: the next statement outside sees it."""
    text = "begin; select 1; commit;\nupdate opsbot.fence set epoch = 9;\ncreate table late ();\n"
    with pytest.raises(Fenced):
        await schema.apply.start(await _turn(schema, TENANTS, {"022_own.sql": text, **_back("022")}))
    assert await schema.tables() == {"tenants"}
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_own.sql", "applying")]


async def test_a_fence_between_two_files_refuses_the_second(schema: Schema) -> None:
    async def taken_over(_line: str) -> None:
        await schema.ask("update opsbot.fence set epoch = 9")

    turn = replace(await _turn(schema, TENANTS, SHIFTS), report=taken_over)
    with pytest.raises(Fenced):
        await schema.apply.start(turn)
    assert await schema.tables() == {"tenants"}
    assert await schema.ledger() == [("021_tenants.sql", "applied")]


async def test_a_file_in_the_middle_holds_the_fence(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, WAITS, lock_timeout=30)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await schema.ask("select * from opsbot.fence for update nowait")
        await holder.execute("select pg_advisory_unlock(42)")
        assert (await task).kind == "done"


async def test_abandoning_what_had_not_begun(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS)
    assert await schema.apply.abandon(turn) == "the schema was not changed"
    assert await schema.ask("select epoch from opsbot.fence") == [(7,)]


# ------------------------------------------------------------ cuts


async def _kill(schema: Schema) -> None:
    await schema.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'opsbot:D-107/the-step'"
    )


async def test_a_session_killed_in_the_middle_of_a_plain_file(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, WAITS, lock_timeout=30)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        await _kill(schema)
        outcome = await task
    assert isinstance(outcome, Pending)
    assert "The connection to the database broke; looking what stands (try 2 of 8)" in outcome.line
    assert await schema.apply.settle(replace(turn, epoch=8)) == NotDone()
    assert (await schema.apply.start(replace(turn, epoch=8))).kind == "done"
    assert await schema.tables() == {"tenants", "shifts", "late"}


async def _cut_off_half_way(schema: Schema, turn: Turn) -> None:
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        await _kill(schema)
        assert isinstance(await task, Pending)


async def test_a_file_cut_off_outside_a_transaction_is_in_doubt(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, OWN, FLAGS, lock_timeout=30)
    await _cut_off_half_way(schema, turn)
    later = replace(turn, epoch=8)
    asked = await schema.apply.settle(later)
    assert isinstance(asked, InDoubt)
    assert asked.question == (
        "022_shifts.sql, which commits by itself, was cut off in D-107, so a part of it may stand. "
        "Look which of its transactions were committed."
    )
    assert [c.label for c in asked.choices] == [
        "It is applied in full: go on",
        "Nothing of it stands: run it",
        "Stop here",
    ]
    assert await schema.apply.start(later) == asked
    assert await schema.apply.check(later, {"tries": 2, "at": 22}) == asked
    assert (await schema.apply.start(replace(later, choice=asked.choices[0].value))).kind == "done"
    assert await schema.tables() == {"tenants", "shifts", "flags"}
    assert [state for _, state in await schema.ledger()] == ["applied"] * 3


async def test_a_person_who_took_the_part_away_lets_it_run_again(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, OWN, lock_timeout=30)
    await _cut_off_half_way(schema, turn)
    later = replace(turn, epoch=8)
    asked = await schema.apply.settle(later)
    assert isinstance(asked, InDoubt)
    await schema.ask("drop table shifts")
    assert (await schema.apply.start(replace(later, choice=asked.choices[1].value))).kind == "done"
    assert await schema.tables() == {"tenants", "shifts", "late"}


async def test_an_answer_about_one_attempt_is_none_about_the_next(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, OWN, lock_timeout=30)
    await _cut_off_half_way(schema, turn)
    asked = await schema.apply.settle(replace(turn, epoch=8))
    assert isinstance(asked, InDoubt)
    await schema.ask("drop table shifts")
    answered = replace(turn, epoch=8, choice=asked.choices[1].value)
    await _cut_off_half_way(schema, answered)
    again = await schema.apply.check(answered, {})
    assert isinstance(again, InDoubt)
    assert again.choices[1] != asked.choices[1]


async def test_all_applied_before_the_cut_is_done(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, SHIFTS)
    done = await schema.apply.start(turn)
    assert await schema.apply.settle(replace(turn, epoch=8)) == done
    assert await schema.ask("select epoch from opsbot.fence") == [(8,)]


@pytest.mark.parametrize("deliver", [True, False])
async def test_a_commit_whose_answer_was_lost(schema: Schema, deliver: bool) -> None:
    await schema.applied(TENANTS)
    turn = await _turn(schema, TENANTS, SHIFTS)
    proxy = CuttingProxy(schema.url, at=b"COMMIT", deliver=deliver)
    async with proxy.running():
        schema.url = proxy.url
        outcome = await schema.apply.start(turn)
        assert isinstance(outcome, Pending)
        assert proxy.cut == 1
        assert (await schema.apply.check(turn, outcome.token)).kind == "done"
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_shifts.sql", "applied")]


async def test_a_connection_that_breaks_every_time_is_given_up(schema: Schema) -> None:
    suicide = {"021_a.sql": "select pg_terminate_backend(pg_backend_pid());", **_back("021")}
    outcome, lines = await through(schema.apply, await _turn(schema, suicide))
    assert isinstance(outcome, Failed)
    assert len(lines) == TRIES - 1


async def test_a_database_that_is_away_is_looked_at_later(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS)
    schema.url = "postgresql://127.0.0.1:1/nowhere"
    for doing in (schema.apply.start(turn), schema.apply.settle(turn), schema.apply.abandon(turn)):
        with pytest.raises(Unreachable):
            await doing


async def test_a_cancelled_turn_leaves_no_session(schema: Schema) -> None:
    turn = await _turn(schema, TENANTS, WAITS, lock_timeout=30)
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as holder:
        await holder.execute("select pg_advisory_lock(42)")
        task = asyncio.create_task(schema.apply.start(turn))
        await schema.is_blocked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await schema.apply.settle(replace(turn, epoch=8)) == NotDone()
    assert await schema.ledger() == [("021_tenants.sql", "applied")]
