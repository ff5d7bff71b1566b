"""The one book of all processes: what a hung process, a full pool or another release's row does to the rest."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot.adapters.postgres.budgets import SharedBudgets
from bot.adapters.postgres.pool import Pool
from bot.adapters.slack.budgets import spends
from bot.adapters.slack.gate import Gate, SlackBusy
from tests.fixtures.store import StoreDatabase
from tests.store.waiting import BLOCKED, until

METHOD = "chat.update"


@pytest.fixture
async def held(store_database: StoreDatabase) -> AsyncIterator[psycopg.AsyncConnection]:
    """Another process that has stopped in the middle of a decision; its end gives the row back."""
    connection = await psycopg.AsyncConnection.connect(store_database.owner_url)
    await connection.execute("insert into budgets (name) values (%s)", [METHOD])
    await connection.commit()
    await connection.execute("update budgets set name = name")
    yield connection
    await connection.close()


async def test_while_another_process_holds_the_book_ours_keeps_its_connections(
    store_database: StoreDatabase, held: psycopg.AsyncConnection
) -> None:
    """Leases are renewed on the same connections: a run must not lose its own for want of an edit."""
    async with Pool(store_database.url, size=2) as pool:
        gate = Gate(shared=SharedBudgets(pool))
        paying = [asyncio.create_task(gate.pay(METHOD))]
        await until(store_database.owner_url, BLOCKED)
        paying += [asyncio.create_task(gate.pay(METHOD)) for _ in range(3)]
        await held.execute("select 1")  # meanwhile they have begun
        async with pool.session() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)
        await held.rollback()
        await asyncio.gather(*paying)


@pytest.mark.parametrize("state", ["{}", '{"left": "many", "at": 1}', "[]", '{"remaining": 3}'])
async def test_what_another_release_wrote_and_nobody_can_read_is_as_new(
    store_database: StoreDatabase, store_pool: Pool, state: str
) -> None:
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        await connection.execute("insert into budgets values (%s, %s)", [METHOD, state])
    gate = Gate(shared=SharedBudgets(store_pool))
    for _ in range(spends(METHOD)[METHOD].at_once):
        await gate.pay(METHOD)
    with pytest.raises(SlackBusy):
        await gate.pay(METHOD)
