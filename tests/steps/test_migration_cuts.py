"""Migrations cut off in the middle: what stands is read, and nothing runs twice."""

import asyncio
from dataclasses import replace

import pytest

from runbooks.steps.base import Turn
from runbooks.steps.migrations.run import TRIES
from runbooks.vocabulary import Failed, InDoubt, NotDone, Pending, Unreachable
from tests.fixtures.cutting import CuttingProxy
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema, through
from tests.steps.half_way import OWN, WAITS, applying, back, held_up


async def _kill(schema: Schema) -> None:
    await schema.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'opsbot:D-107/the-step'"
    )


async def test_a_session_killed_in_the_middle_of_a_plain_file(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, WAITS, lock_timeout=30)
    async with held_up(schema, schema.apply.start(turn)) as task:
        await _kill(schema)
        outcome = await task
    assert isinstance(outcome, Pending)
    assert "The connection to the database broke; looking what stands (try 2 of 8)" in outcome.line
    assert await schema.apply.settle(replace(turn, epoch=8)) == NotDone()
    assert (await schema.apply.start(replace(turn, epoch=8))).kind == "done"
    assert await schema.tables() == {"tenants", "shifts", "late"}


async def _cut_off_half_way(schema: Schema, turn: Turn) -> None:
    async with held_up(schema, schema.apply.start(turn)) as task:
        await _kill(schema)
        assert isinstance(await task, Pending)


async def test_a_file_cut_off_outside_a_transaction_is_in_doubt(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, OWN, FLAGS, lock_timeout=30)
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
    turn = await applying(schema, TENANTS, OWN, lock_timeout=30)
    await _cut_off_half_way(schema, turn)
    later = replace(turn, epoch=8)
    asked = await schema.apply.settle(later)
    assert isinstance(asked, InDoubt)
    await schema.ask("drop table shifts")
    assert (await schema.apply.start(replace(later, choice=asked.choices[1].value))).kind == "done"
    assert await schema.tables() == {"tenants", "shifts", "late"}


async def test_an_answer_about_one_attempt_is_none_about_the_next(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, OWN, lock_timeout=30)
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
    turn = await applying(schema, TENANTS, SHIFTS)
    done = await schema.apply.start(turn)
    assert await schema.apply.settle(replace(turn, epoch=8)) == done
    assert await schema.ask("select epoch from opsbot.fence") == [(8,)]


@pytest.mark.parametrize("deliver", [True, False])
async def test_a_commit_whose_answer_was_lost(schema: Schema, deliver: bool) -> None:
    await schema.applied(TENANTS)
    turn = await applying(schema, TENANTS, SHIFTS)
    proxy = CuttingProxy(schema.url, at=b"COMMIT", deliver=deliver)
    async with proxy.running():
        schema.url = proxy.url
        outcome = await schema.apply.start(turn)
        assert isinstance(outcome, Pending)
        assert proxy.cut == 1
        assert (await schema.apply.check(turn, outcome.token)).kind == "done"
    assert await schema.ledger() == [("021_tenants.sql", "applied"), ("022_shifts.sql", "applied")]


async def test_a_connection_that_breaks_every_time_is_given_up(schema: Schema) -> None:
    suicide = {"021_a.sql": "select pg_terminate_backend(pg_backend_pid());", **back("021")}
    outcome, lines = await through(schema.apply, await applying(schema, suicide))
    assert isinstance(outcome, Failed)
    assert len(lines) == TRIES - 1


async def test_a_database_that_is_away_is_looked_at_later(schema: Schema) -> None:
    turn = await applying(schema, TENANTS)
    schema.url = "postgresql://127.0.0.1:1/nowhere"
    for doing in (schema.apply.start(turn), schema.apply.settle(turn), schema.apply.abandon(turn)):
        with pytest.raises(Unreachable):
            await doing


async def test_a_cancelled_turn_leaves_no_session(schema: Schema) -> None:
    turn = await applying(schema, TENANTS, WAITS, lock_timeout=30)
    async with held_up(schema, schema.apply.start(turn)) as task:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await schema.apply.settle(replace(turn, epoch=8)) == NotDone()
    assert await schema.ledger() == [("021_tenants.sql", "applied")]
