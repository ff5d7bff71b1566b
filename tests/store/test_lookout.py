"""The idle slots of a worker: one looks for work, and all hear of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.lookout import Bell, Lookout
from bot.worker import Handler, Worker
from runbooks.store import Changes, Lease, Work
from sandbox.waiting import until

SLOTS = 8
NEVER = 3600.0  # seconds between two looks: what is found is found because it was heard of


class Counting:
    """The store, which counts how often it has said that there is no work."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.finish, self.renew = store.finish, store.renew
        self.found_none = 0

    async def claim(self, kinds: list[str], *, prefix: str = "") -> Lease | None:
        lease = await self._store.claim(kinds, prefix=prefix)
        self.found_none += lease is None
        return lease


@asynccontextmanager
async def working(store: object, bell: Bell, handler: Handler) -> AsyncIterator[None]:
    worker = Worker(store, ["messages"], handler, bell, lambda: datetime.now(UTC), 10, SLOTS, poll=NEVER)
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        bell.close()
        await asyncio.wait_for(task, 10)


async def due(store: PostgresStore, *runs: int) -> None:
    await store.commit(Changes(wake=tuple(Work("messages", f"run/D-{number}") for number in runs)))


@pytest.fixture
def counting(store: PostgresStore) -> Counting:
    return Counting(store)


async def test_an_idle_worker_asks_once_however_many_slots_it_has(counting: Counting) -> None:
    bell = Bell()

    async def nothing(_: Lease) -> datetime | None:
        return None

    async with working(counting, bell, nothing):
        await until(lambda: counting.found_none == SLOTS, what="that each slot has found nothing")
        for number in range(1, 6):
            bell.ring()
            await until(lambda number=number: counting.found_none == SLOTS + number, what="that it looks")


async def test_as_much_is_done_at_once_as_there_are_slots(store: PostgresStore, counting: Counting) -> None:
    bell, begun, end = Bell(), set(), asyncio.Event()

    async def handle(lease: Lease) -> datetime | None:
        begun.add(lease.work.key)
        await end.wait()
        return None

    async with working(counting, bell, handle):
        await until(lambda: counting.found_none == SLOTS, what="that each slot has found nothing")
        await due(store, *range(SLOTS + 1))
        bell.ring()
        await until(lambda: len(begun) == SLOTS, what="that all slots are at work")
        end.set()
        await until(lambda: len(begun) == SLOTS + 1, what="that the rest is done too")


@pytest.mark.parametrize(("kinds", "woken"), [({"run"}, False), ({"run", "messages"}, True), (set(), True)])
async def test_it_hears_of_its_own_kind_of_work(kinds: set[str], woken: bool) -> None:
    bell = Bell()
    resting = asyncio.create_task(Lookout(bell, ["messages"], poll=NEVER).rest(bell.rings))
    await asyncio.sleep(0)
    bell.ring(frozenset(kinds))
    await asyncio.wait([resting], timeout=0)
    await asyncio.sleep(0)
    assert resting.done() == woken
    resting.cancel()


async def test_what_it_hears_while_it_looks_is_not_missed() -> None:
    bell = Bell()
    heard = bell.rings
    bell.ring()
    async with asyncio.timeout(5):
        await Lookout(bell, ["messages"], poll=NEVER).rest(heard)


async def test_what_it_is_to_look_at_again_is_looked_at_when_it_is_due(
    store: PostgresStore, counting: Counting
) -> None:
    bell, seen = Bell(), []

    async def handle(lease: Lease) -> datetime | None:
        seen.append(lease)
        return datetime.now(UTC) + timedelta(seconds=0.2) if len(seen) < 3 else None

    await due(store, 1)
    async with working(counting, bell, handle):
        await until(lambda: len(seen) == 3, what="the third look")
        assert all(lease.late < timedelta(seconds=2) for lease in seen[1:])
