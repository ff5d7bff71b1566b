"""Work that is due now is heard of, and heard again after a lost connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.adapters.postgres.listen import listen
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes, Work
from tests.fixtures.postgres import temporary_server
from tests.fixtures.store import StoreDatabase
from tests.store.counter import add, added
from tests.store.waiting import SESSIONS, end

DEADLINE = 10


class _Ear:
    """Keeps what is heard, and waits for it."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[frozenset[str]] = asyncio.Queue()

    async def hears(self) -> frozenset[str]:
        async with asyncio.timeout(DEADLINE):
            return await self.heard.get()

    @property
    def silent(self) -> bool:
        return self.heard.empty()


@asynccontextmanager
async def _listening(url: str) -> AsyncIterator[_Ear]:
    ear = _Ear()
    task = asyncio.create_task(listen(url, ear.heard.put_nowait))
    try:
        assert not await ear.hears(), "it has connected, and may have missed any"
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_work_due_now_is_heard_once_per_commit(store: PostgresStore, store_database: StoreDatabase) -> None:
    async with _listening(store_database.url) as ear:
        await store.commit(Changes(wake=(Work("messages", "counter/a"), Work("messages", "counter/b"))))
        assert await ear.hears() == {"messages"}
        await add(store, "counter/a", added(look_after=-(10**9)), wake=(Work("messages", "counter/a"),))
        assert await ear.hears() == {"counter", "messages"}
        assert ear.silent


async def test_a_holders_own_commit_wakes_others_alone(store: PostgresStore, store_database: StoreDatabase) -> None:
    async with _listening(store_database.url) as ear:
        await add(store, "counter/a", added(look_after=-(10**9)))
        assert await ear.hears() == {"counter"}
        lease = await store.claim(["counter"])
        assert lease is not None
        own = added(look_after=-(10**9))
        await add(store, "counter/a", own, wake=(Work("messages", "counter/a"),), lease=lease)
        assert await ear.hears() == {"messages"}


async def test_work_due_later_is_not_heard(store: PostgresStore, store_database: StoreDatabase) -> None:
    async with _listening(store_database.url) as ear:
        await add(store, "counter/a", added())
        await add(store, "counter/a", added(look_after=10**9))
        await store.commit(Changes(wake=(Work("messages", "counter/a"),)))
        await ear.hears()
        assert ear.silent


async def test_a_lost_connection_is_made_again_and_said(store: PostgresStore, store_database: StoreDatabase) -> None:
    async with _listening(store_database.url) as ear:
        end(store_database.owner_url, SESSIONS)
        assert not await ear.hears(), "connected again: something may have been missed"
        await store.commit(Changes(wake=(Work("messages", "counter/a"),)))
        await ear.hears()


async def test_it_outlasts_a_restart() -> None:
    with temporary_server() as server:
        async with _listening(server.url()) as ear:
            server.stop()
            server.start()
            await ear.hears()
