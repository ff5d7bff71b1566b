"""Work is claimed when it is due, by one holder at a time, under rising epochs."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes, LeaseLost, Work
from tests.fixtures.store import StoreDatabase
from tests.store.counter import START, TestClock, add, added, read, work

NOW = 0  # seconds after the event: due at once


async def _claimed(store: PostgresStore, stream: str = "counter/a"):
    """A lease on a stream that was just made due."""
    await add(store, stream, added(look_after=NOW))
    lease = await store.claim(["counter"])
    assert lease is not None
    assert lease.work == work(stream)
    return lease


async def test_work_is_claimed_when_it_is_due(timed: PostgresStore, clock: TestClock) -> None:
    await add(timed, "counter/a", added(look_after=60))
    assert await timed.claim(["counter"]) is None
    clock.pass_seconds(60)
    assert await timed.claim(["messages"]) is None
    lease = await timed.claim(["messages", "counter"])
    assert lease is not None
    assert (lease.work, (lease.until - clock.now).total_seconds()) == (work("counter/a"), 10)
    assert await timed.claim(["counter"]) is None


async def test_what_is_due_longest_comes_first(timed: PostgresStore, clock: TestClock) -> None:
    for name, seconds in [("counter/late", 30), ("counter/early", 10), ("counter/middle", 20)]:
        await add(timed, name, added(look_after=seconds))
    clock.pass_seconds(60)
    leases = [await timed.claim(["counter"]) for _ in range(4)]
    assert [lease and lease.work.key for lease in leases] == ["counter/early", "counter/middle", "counter/late", None]


async def test_epochs_only_rise_whatever_is_claimed(timed: PostgresStore, clock: TestClock) -> None:
    for name in "abc":
        await add(timed, f"counter/{name}", added(look_after=NOW))
    epochs = []
    for _ in range(2):
        leases = [await timed.claim(["counter"]) for _ in range(3)]
        epochs += [lease.epoch for lease in leases if lease]
        clock.pass_seconds(10)
    assert len(epochs) == 6
    assert epochs == sorted(set(epochs))


async def test_claimers_at_the_same_time_never_share(timed: PostgresStore) -> None:
    for number in range(10):
        await add(timed, f"counter/{number}", added(look_after=NOW))
    leases = [lease for lease in await asyncio.gather(*(timed.claim(["counter"]) for _ in range(30))) if lease]
    assert len({lease.work.key for lease in leases}) == len(leases) == len({lease.epoch for lease in leases})
    rest = []
    while lease := await timed.claim(["counter"]):  # a claimer that lost a race finds nothing, and looks again
        rest.append(lease)
    assert len(leases) + len(rest) == 10


async def test_a_claim_passes_over_work_that_is_locked(timed: PostgresStore, store_database: StoreDatabase) -> None:
    await add(timed, "counter/a", added(look_after=NOW))
    await add(timed, "counter/b", added(look_after=NOW, at=START.replace(year=2029)))
    with psycopg.connect(store_database.owner_url) as other:
        other.execute("select from work where key = 'counter/b' for update")
        lease = await timed.claim(["counter"])
    assert lease is not None
    assert lease.work.key == "counter/a"


async def test_a_holder_commits_under_its_lease(timed: PostgresStore) -> None:
    lease = await _claimed(timed)
    assert (await add(timed, "counter/a", added(), lease=lease)).version == 2


async def test_a_lapsed_lease_commits_nothing(timed: PostgresStore, clock: TestClock) -> None:
    lease = await _claimed(timed)
    clock.pass_seconds(10)
    with pytest.raises(LeaseLost):
        await add(timed, "counter/a", added(), lease=lease)
    with pytest.raises(LeaseLost):
        await timed.renew(lease)
    assert (await read(timed, "counter/a")).version == 1


async def test_the_next_holder_voids_the_last(timed: PostgresStore, clock: TestClock) -> None:
    old = await _claimed(timed)
    clock.pass_seconds(10)
    new = await timed.claim(["counter"])
    assert new is not None
    assert new.epoch > old.epoch
    for attempt in (add(timed, "counter/a", added(), lease=old), timed.renew(old)):
        with pytest.raises(LeaseLost):
            await attempt
    await timed.finish(old, None)  # lets go of nothing: it is not his
    assert await timed.leased(work("counter/a"))
    assert (await add(timed, "counter/a", added(), lease=new)).version == 2


async def test_a_claim_tells_whether_the_last_holder_let_go_and_how_late_it_comes(
    timed: PostgresStore, clock: TestClock
) -> None:
    first = await _claimed(timed)
    assert (first.lapsed, first.late.total_seconds()) == (False, 0)
    await timed.finish(first, clock.now)
    clock.pass_seconds(3)
    second = await timed.claim(["counter"])
    assert second is not None
    assert (second.lapsed, second.late.total_seconds()) == (False, 3)
    clock.pass_seconds(10)
    third = await timed.claim(["counter"])
    assert third is not None
    assert (third.lapsed, third.until - clock.now) == (True, timedelta(seconds=10))


async def test_a_renewed_lease_lasts(timed: PostgresStore, clock: TestClock) -> None:
    lease = await _claimed(timed)
    for _ in range(5):
        clock.pass_seconds(9)
        lease = await timed.renew(lease)
    assert (lease.until - clock.now).total_seconds() == 10
    assert await timed.claim(["counter"]) is None
    assert (await add(timed, "counter/a", added(), lease=lease)).version == 2


async def test_a_commit_under_a_lease_on_nothing_is_refused(timed: PostgresStore) -> None:
    lease = await _claimed(timed)
    stranger = type(lease)(Work("counter", "counter/none"), lease.epoch, 0, lease.until)
    with pytest.raises(LeaseLost):
        await add(timed, "counter/a", added(), lease=stranger)


async def test_finished_work_rests_until_it_is_due(timed: PostgresStore, clock: TestClock) -> None:
    lease = await _claimed(timed)
    await timed.finish(lease, clock.now.replace(minute=clock.now.minute + 1))
    assert not await timed.leased(work("counter/a"))
    assert await timed.claim(["counter"]) is None
    clock.pass_seconds(60)
    assert await timed.claim(["counter"]) is not None


async def test_finished_for_good_is_not_claimed_again(timed: PostgresStore, clock: TestClock) -> None:
    await timed.finish(await _claimed(timed), None)
    clock.pass_seconds(1e6)
    assert await timed.claim(["counter"]) is None


async def test_a_finished_lease_commits_nothing(timed: PostgresStore) -> None:
    lease = await _claimed(timed)
    await timed.finish(lease, None)
    with pytest.raises(LeaseLost):
        await add(timed, "counter/a", added(), lease=lease)


async def test_a_wake_during_a_lease_is_not_lost(timed: PostgresStore) -> None:
    lease = await _claimed(timed)
    await timed.commit(Changes(wake=(work("counter/a"),)))
    assert await timed.claim(["counter"]) is None  # held
    await timed.finish(lease, None)
    assert await timed.claim(["counter"]) is not None


async def test_somebody_elses_commit_wakes_the_holder(timed: PostgresStore) -> None:
    lease = await _claimed(timed)
    await add(timed, "counter/a", added())
    await timed.finish(lease, None)
    assert await timed.claim(["counter"]) is not None


async def test_the_holders_own_commit_does_not_wake_it(timed: PostgresStore) -> None:
    lease = await _claimed(timed)
    await add(timed, "counter/a", added(look_after=NOW), lease=lease)
    await timed.finish(lease, None)
    assert await timed.claim(["counter"]) is None


async def test_a_holder_that_died_after_its_commit_is_followed_up(timed: PostgresStore, clock: TestClock) -> None:
    lease = await _claimed(timed)
    await add(timed, "counter/a", added(look_after=NOW), lease=lease)
    clock.pass_seconds(10)
    assert await timed.claim(["counter"]) is not None


async def test_revoked_is_void_at_once_and_leased_until_let_go(timed: PostgresStore, clock: TestClock) -> None:
    lease = await _claimed(timed)
    await add(timed, "counter/a", added(look_after=NOW), revoke=(work("counter/a"),))
    for attempt in (add(timed, "counter/a", added(), lease=lease), timed.renew(lease)):
        with pytest.raises(LeaseLost):
            await attempt
    assert await timed.leased(work("counter/a"))
    assert await timed.claim(["counter"]) is None
    await timed.finish(lease, None)
    assert not await timed.leased(work("counter/a"))
    successor = await timed.claim(["counter"])  # due as the revoker said, not as the old holder did
    assert successor is not None
    assert successor.epoch > lease.epoch


async def test_who_was_revoked_does_not_say_when_it_is_due(timed: PostgresStore, clock: TestClock) -> None:
    lease = await _claimed(timed)
    await add(timed, "counter/a", added(), revoke=(work("counter/a"),))  # it is over: never due again
    await timed.finish(lease, clock.now)
    assert not await timed.leased(work("counter/a"))
    assert await timed.claim(["counter"]) is None


async def test_revoked_lapses_if_nobody_lets_go(timed: PostgresStore, clock: TestClock) -> None:
    await _claimed(timed)
    await add(timed, "counter/a", added(look_after=NOW), revoke=(work("counter/a"),))
    clock.pass_seconds(9)
    assert await timed.leased(work("counter/a"))
    assert await timed.claim(["counter"]) is None
    clock.pass_seconds(1)
    assert not await timed.leased(work("counter/a"))
    assert await timed.claim(["counter"]) is not None


async def test_work_that_was_never_due_leaves_no_row(timed: PostgresStore, store_database: StoreDatabase) -> None:
    await add(timed, "counter/a", added())
    await timed.commit(Changes(revoke=(work("counter/a"),)))
    with psycopg.connect(store_database.owner_url) as connection:
        assert connection.execute("select * from work").fetchall() == []


async def test_a_wake_of_work_unheard_of_makes_it_due(timed: PostgresStore) -> None:
    await timed.commit(Changes(wake=(Work("messages", "counter/a"), Work("messages", "counter/b"))))
    lease = await timed.claim(["messages"])
    assert lease is not None
    assert lease.wakes == 1


async def test_the_databases_clock_decides_where_none_is_given(store: PostgresStore) -> None:
    await store.commit(Changes(wake=(Work("messages", "counter/a"),)))
    lease = await store.claim(["messages"])
    assert lease is not None
    renewed = await store.renew(lease)
    assert renewed.until > lease.until
    assert await store.leased(lease.work)
    await store.finish(renewed, None)
    assert not await store.leased(lease.work)
