"""The metrics: what is counted is what was committed, claimed and answered, under labels that can't grow."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.adapters.postgres import gauges
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord
from bot.adapters.slack.client import web_client
from bot.lookout import Bell
from bot.telemetry.watching import Pulse, WatchedPacks, Watching
from bot.worker import Worker
from runbooks.engine import asks
from runbooks.engine.audits import Audits
from runbooks.engine.draft import Draft
from runbooks.packs.period import read
from runbooks.packs.scope import Scope
from runbooks.releases.lag import Lag
from runbooks.releases.record import FallBehind
from runbooks.store import Changes, Lease, LeaseLost, StoreUnavailable, Work
from runbooks.vocabulary import Failed, Refused
from tests.engine.world import ALEX, OUTSIDER, World
from tests.telemetry.conftest import Watched, serving
from tests.telemetry.test_traces import deployed

RELEASE = "release/api/production"


async def test_a_deploy_is_counted_once_by_whoever_committed_it(replica: Watched, other: Watched) -> None:
    run_id = await deployed(replica.world, other.world)
    assert replica.value("opsbot_ack_seconds_count", command="deploy", outcome="accepted") == 1
    assert other.value("opsbot_runs_ended_total", command="deploy", outcome="succeeded") == 1
    assert other.value("opsbot_step_seconds_count", uses="knob", outcome="done") == 1
    assert not replica.samples("opsbot_runs_ended_total")
    assert run_id not in (replica.watching.metrics.text() + other.watching.metrics.text()).decode()


async def test_a_refusal_a_failure_and_the_rollback_have_their_outcomes(replica: Watched) -> None:
    world = replica.world
    await world.adopted()
    await world.hears(asks.Deploy("api", "v2"), OUTSIDER)
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Failed("New pods crash.")]
    await world.works()
    assert replica.value("opsbot_ack_seconds_count", command="deploy", outcome="refused") == 1
    assert replica.value("opsbot_step_seconds_count", uses="knob", outcome="failed") == 1
    ends = {tuple(s.labels.values()): s.value for s in replica.samples("opsbot_runs_ended_total")}
    assert ends == {("deploy", "failed"): 1, ("rollback", "succeeded"): 1}


async def test_a_request_for_an_audit_pack_is_one_too(replica: Watched, store_pool: Pool) -> None:
    world = replica.world
    audits = Audits(world.store, world.catalogue, PostgresRecord(store_pool), lambda: world.now)
    packs = WatchedPacks(audits, world.members, replica.watching)
    scope = Scope("api", read("2026-11-01", "2026-11-02", world.now.date()))
    await packs.ask(scope, by=ALEX, key="command/1")
    with pytest.raises(Refused):
        await packs.ask(scope, by=OUTSIDER, key="command/2")
    counts = {s.labels["outcome"]: s.value for s in replica.samples("opsbot_ack_seconds_count")}
    assert counts == {"accepted": 1, "refused": 1}


async def test_a_database_that_is_away_is_counted_and_the_ack_says_so(replica: Watched) -> None:
    metrics = replica.watching.metrics
    async with Pool("postgresql://nobody@127.0.0.1:1/none", failed=metrics.database_errors.inc) as pool:
        replica.world.store._pool = pool
        with pytest.raises(StoreUnavailable):
            await replica.world.hears(asks.Deploy("api", "v2"))
    assert replica.value("opsbot_database_errors_total") == 1


async def test_what_is_due_and_what_slack_does_not_show_have_an_age(replica: Watched, store_pool: Pool) -> None:
    world = replica.world

    async def look() -> gauges.Seen:
        return await gauges.look(store_pool, now=lambda: world.now)

    assert await look() == gauges.Seen({}, 0, {})
    await world.deploys()
    world.later(seconds=30)
    seen = await look()
    assert seen.waiting["run"] == gauges.Waiting(1, 30)
    assert seen.undelivered == 30
    lease = await world.store.claim(["messages"])
    assert lease is not None
    seen = await look()
    assert "messages" not in seen.waiting, "somebody holds it"
    assert seen.undelivered == 30, "which does not mean that Slack shows it"
    await world.store.finish(lease, None)
    assert (await look()).undelivered == 0


async def test_an_outdated_record_is_counted_until_it_caught_up(replica: Watched, store_pool: Pool) -> None:
    world = replica.world
    await world.adopted()
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    await draft.apply(RELEASE, FallBehind(Lag.RUNS, "L-1.lkg-outdated", ("v3 runs.",)))
    await world.store.commit(draft.changes())
    assert (await gauges.look(store_pool)).outdated == {"runs": 1}
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await world.works()
    assert (await gauges.look(store_pool)).outdated == {}


@pytest.mark.parametrize("by", ["the handler", "the renewal"])
async def test_a_lost_lease_is_counted_once(replica: Watched, by: str) -> None:
    store, dropped = replica.world.store, asyncio.Event()
    await store.commit(Changes(wake=(Work("messages", "run/D-1"),)))

    async def handle(lease: Lease) -> datetime | None:
        try:
            if by == "the handler":
                raise LeaseLost("another one has it")
            await store.commit(Changes(revoke=(lease.work,)))
            await asyncio.Event().wait()
        finally:
            dropped.set()
        return None

    worker = Worker(store, ["messages"], handle, Bell(), lambda: datetime.now(UTC), 0.5, 1, watching=replica.watching)
    working = asyncio.create_task(worker.run())
    await asyncio.wait_for(dropped.wait(), 10)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert replica.value("opsbot_leases_lost_total", kind="messages") == 1


async def test_the_lag_is_that_of_the_oldest_change_however_often_it_is_tried(
    replica: Watched, store_pool: Pool
) -> None:
    world = replica.world

    async def lag() -> float:
        return (await gauges.look(store_pool, now=lambda: world.now)).undelivered

    async def turn(*, then: datetime | None) -> Lease:
        lease = await world.store.claim(["messages"])
        assert lease is not None
        world.later(seconds=1)
        await changed(world)
        world.later(seconds=1)
        await world.store.finish(lease, then)
        return lease

    await changed(world)
    for number in range(3):
        assert await lag() == number * 5
        lease = await turn(then=world.now + timedelta(seconds=5))
        assert lease.owed == timedelta(seconds=number * 5)
        world.later(seconds=3)
    assert await lag() == 15
    await turn(then=None)
    assert await lag() == 1, "what came while the rest was shown"
    lease = await world.store.claim(["messages"])
    assert lease is not None
    assert lease.owed == timedelta(seconds=1)
    await world.store.finish(lease, None)
    assert await lag() == 0
    world.later(minutes=9)
    await changed(world)
    assert await lag() == 0, "it is a change of now"


async def changed(world: World) -> None:
    """Something happens to a run, of which Slack is to be told."""
    await world.store.commit(Changes(wake=(Work("messages", "run/D-1"),)))


def test_messages_lag_from_the_first_change_that_they_do_not_tell(replica: Watched) -> None:
    def lease(kind: str) -> Lease:
        return Lease(Work(kind, "run/D-1"), 1, 0, datetime.now(UTC), owed=timedelta(seconds=3))

    replica.watching.worked(lease("messages"), seconds=1, due=datetime.now(UTC))  # to be tried again
    replica.watching.worked(lease("run"), seconds=1, due=None)
    replica.watching.worked(lease("messages"), seconds=1, due=None)
    assert replica.value("opsbot_delivery_seconds_count") == 1
    assert replica.value("opsbot_delivery_seconds_sum") == 4


async def test_slack_s_429s_are_counted_by_method_and_nothing_is_sent_again() -> None:
    watching, asked = Watching(), []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"})

    async with serving(refuse) as address:
        slack = web_client(token="xoxb-made-up", api_url=f"{address}/api/", rate_limited=watching.rate_limited)
        with pytest.raises(SlackApiError):
            await slack.chat_postMessage(channel="C1", text="hello")
    assert asked == ["/api/chat.postMessage"]
    count = watching.metrics.registry.get_sample_value("opsbot_slack_429_total", {"method": "chat.postMessage"})
    assert count == 1


def test_a_loop_that_does_not_turn_is_found() -> None:
    now = 0.0
    pulse = Pulse(lambda: now)
    pulse.beat("run 0")
    pulse.beat("run 1")
    now = 20.0
    pulse.beat("run 1")
    now = 31.0
    assert pulse.still(30) == ["run 0"]
