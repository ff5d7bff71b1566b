"""The worker and the time of its lease: nothing goes on once it may have lapsed, whatever the database does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.lookout import Bell
from bot.serving import ROLLBACKS, ended
from bot.worker import Worker
from runbooks.store import Changes, Conflict, Lease, LeaseLost, Work
from sandbox.waiting import until
from tests.store.counter import FOLDS, add, added, read

LEASE = 1.0


class Silent:
    """The store, whose answer to a renewal never comes."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.claim, self.finish = store.claim, store.finish

    async def renew(self, lease: Lease) -> Lease:
        await asyncio.Event().wait()
        return lease


@pytest.fixture
async def due(store: PostgresStore) -> PostgresStore:
    await store.commit(Changes(wake=(Work("messages", "run/D-1"),)))
    return store


async def worked(store: Any, seconds: float) -> float:
    """How long work goes on that would take so long, from the moment it was asked for."""
    gone: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    began = time.monotonic()

    async def handle(lease: Lease) -> datetime | None:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), seconds)
        except TimeoutError:
            return None
        finally:
            gone.set_result(time.monotonic() - began)
        return None

    worker = Worker(store, ["messages"], handle, Bell(), lambda: datetime.now(UTC), LEASE, 1)
    working = asyncio.create_task(worker.run())
    try:
        return await asyncio.wait_for(gone, 10)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_work_is_dropped_when_its_lease_may_have_lapsed_though_a_renewal_hangs(due: PostgresStore) -> None:
    assert await worked(Silent(due), 8) < LEASE * 2  # a busy machine takes its time


async def test_a_rollback_does_not_wait_for_what_takes_long(store: PostgresStore) -> None:
    """As many deploys as there are slots, each at a step that ends when the test does."""
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def handle(lease: Lease) -> datetime | None:
        begun.put_nowait(lease.work.key)
        await asyncio.Event().wait()
        return None

    await store.commit(Changes(wake=tuple(Work("run", f"run/D-{number}") for number in range(3))))
    runs = Worker(store, ["run"], handle, Bell(), lambda: datetime.now(UTC), 10, slots=2)
    working = [asyncio.create_task(w.run()) for w in (runs, replace(runs, slots=1, prefix=ROLLBACKS))]
    try:
        first = {await asyncio.wait_for(begun.get(), 10) for _ in range(2)}
        await store.commit(Changes(wake=(Work("run", "run/R-9"),)))
        assert await asyncio.wait_for(begun.get(), 10) == "run/R-9"
        assert all(key.startswith("run/D-") for key in first)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def test_what_does_not_end_in_time_is_cut_off_and_let_go_of(due: PostgresStore) -> None:
    begun, bell = asyncio.Event(), Bell()

    async def handle(lease: Lease) -> datetime | None:
        begun.set()
        await asyncio.Event().wait()
        return None

    worker = Worker(due, ["messages"], handle, bell, lambda: datetime.now(UTC), 10, 2)
    working = asyncio.create_task(worker.run())
    await asyncio.wait_for(begun.wait(), 10)
    bell.close()
    await ended([working], within=0.1)
    await asyncio.wait([working])
    assert working.cancelled()
    other = await due.claim(["messages"])
    assert other is not None
    assert not other.lapsed


async def stood_still(pool: Pool, then: Callable[[PostgresStore, Lease], Awaitable[Any]]) -> tuple[bool, Lease]:
    """Whether work went on that did this after its whole process had stood still past its lease; the next claim."""
    store = PostgresStore(pool, FOLDS, lease_seconds=LEASE)
    await store.commit(Changes(wake=(Work("counter", "counter/a"),)))
    ended, acted = asyncio.Event(), []

    async def handle(lease: Lease) -> datetime | None:
        try:
            time.sleep(LEASE * 1.5)  # noqa: ASYNC251 # the loop itself is what stands still
            await then(store, lease)
            acted.append(lease)
        finally:
            ended.set()
        return None

    worker = Worker(store, ["counter"], handle, Bell(), lambda: datetime.now(UTC), LEASE, 1)
    working = asyncio.create_task(worker.run())
    await asyncio.wait_for(ended.wait(), 10)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    other = await until(lambda: store.claim(["counter"]), what="that another may have it")
    return bool(acted), other


async def test_a_process_that_stood_still_commits_nothing(store: PostgresStore, store_pool: Pool) -> None:
    async def commits(store: PostgresStore, lease: Lease) -> None:
        await add(store, "counter/a", added(), lease=lease)

    went_on, other = await stood_still(store_pool, commits)
    assert not went_on
    assert (await read(store, "counter/a")).version == 0
    assert other.work.key == "counter/a"


async def test_a_process_that_stood_still_does_no_more(store: PostgresStore, store_pool: Pool) -> None:
    """What it waits for next is cut off, and with it what would have come after."""
    went_on, _ = await stood_still(store_pool, lambda store, _: store.read(["counter/a"]))
    assert not went_on


async def test_work_goes_on_as_long_as_its_lease_is_renewed(due: PostgresStore) -> None:
    assert await worked(due, LEASE * 2) >= LEASE * 2


async def test_what_is_cut_off_by_time_is_let_say_what_came_of_it(due: PostgresStore) -> None:
    """Though its renewal finds the lease lost just then."""
    cut, told = asyncio.Event(), asyncio.Event()

    class Lost(Silent):
        async def renew(self, lease: Lease) -> Lease:
            await cut.wait()
            raise LeaseLost("made up")

    async def handle(lease: Lease) -> datetime | None:
        if cut.is_set():
            return None
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut.set()
            await due.history(lease.work.key)
            told.set()
            raise
        return None

    lost: Any = Lost(due)
    worker = Worker(lost, ["messages"], handle, Bell(), lambda: datetime.now(UTC), LEASE, 1)
    working = asyncio.create_task(worker.run())
    try:
        await asyncio.wait_for(told.wait(), 10)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.mark.parametrize("fault", [asyncio.CancelledError, Conflict])
async def test_a_slot_outlives_work_that_was_cut_off_from_inside(
    due: PostgresStore, fault: type[BaseException]
) -> None:
    """Whatever a library beneath it cancels or raises: nobody asked this process to stop."""
    done: list[str] = []

    async def handle(lease: Lease) -> datetime | None:
        done.append(lease.work.key)
        if len(done) == 1:
            raise fault
        return None

    worker = Worker(due, ["messages"], handle, Bell(), lambda: datetime.now(UTC), LEASE, 1)
    working = asyncio.create_task(worker.run())
    try:
        await until(lambda: done, what="the first")
        await due.commit(Changes(wake=(Work("messages", "run/D-2"),)))
        await until(lambda: done[1:], what="the next")
        assert done[1] == "run/D-2"
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
