"""What runs is held against the record: what differs is said once, and closed by itself."""

from pathlib import Path

import pytest

from bot.record import LOOK
from runbooks.engine import asks
from runbooks.incidents.findings import Finding
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref
from runbooks.vocabulary import Failed, Json, Unreachable
from tests.deliveries.record_desk import Desk
from tests.engine.world import ALEX, World


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


async def test_what_runs_and_is_not_recorded_is_told_once_with_what_to_do(desk: Desk) -> None:
    await desk.adopted("v1")
    await desk.looks()
    assert await desk.findings() == []
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    found = await desk.finding()
    assert (found.severity, found.title, found.run) == ("S4", "LKG state outdated", "")
    assert found.what == (
        "Deployment api runs v9, recorded is v1.",
        "Seen since 24 Nov 10:05 UTC, with no run under way. The last known good is v1 1111111.",
        "To keep what runs: /deploy it, or `opsbot adopt api production`. "
        "To go back to the record: /rollback api production.",
    )
    for _ in range(3):
        await desk.later(seconds=LOOK.total_seconds())
    assert len(await desk.findings()) == 1


async def test_it_closes_itself_when_what_is_recorded_runs_again_and_opens_anew(desk: Desk) -> None:
    await desk.adopted("v1")
    for version in ("v9", "v1", "v9"):
        desk.running.version = version
        await desk.later(seconds=LOOK.total_seconds())
    first, second = await desk.findings()
    assert (first.mended, second.mended) == ("v1 runs again, as it is recorded.", "")


async def test_it_closes_itself_with_the_next_good_deploy(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    await desk.world.works()
    assert (await desk.finding()).mended == f"{run_id} brought v2, which is recorded now."
    assert not (await desk.world.release()).behind


async def test_it_closes_itself_when_what_runs_is_adopted(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    await desk.adopted("v9")
    assert (await desk.finding()).mended == "What runs was recorded as the last known good: v9."
    await desk.looks()
    assert len(await desk.findings()) == 1


@pytest.mark.parametrize("trouble", [Unreachable("Kubernetes cluster main"), Denied("It may not be read.")])
async def test_a_cluster_that_can_not_be_read_opens_nothing_and_closes_nothing(
    desk: Desk, trouble: Exception
) -> None:
    await desk.adopted("v1")
    desk.running.trouble = trouble
    await desk.later(seconds=LOOK.total_seconds())
    assert await desk.findings() == []
    desk.running.version, desk.running.trouble = "v9", None
    await desk.later(seconds=LOOK.total_seconds())
    desk.running.version, desk.running.trouble = "v1", trouble
    await desk.later(seconds=LOOK.total_seconds())
    assert not (await desk.finding()).mended


async def test_a_deployment_that_is_gone_is_told(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.trouble = Missing("Deployment api")
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.finding()).what[0] == "There is no Deployment api any more."


async def test_while_a_run_is_under_way_nothing_is_compared(desk: Desk) -> None:
    await desk.adopted("v1")
    await desk.looks()
    run_id = await desk.world.deploys()
    desk.running.version, asked = "v9", desk.running.asked
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.findings(), desk.running.asked) == ([], asked)

    await desk.world.works()
    await desk.world.hears(asks.Abort(run_id), ALEX)
    await desk.world.works()
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.finding()).what[0] == "Deployment api runs v9, recorded is v1."


async def test_a_run_that_begins_while_it_is_looked_keeps_it_from_being_said(desk: Desk) -> None:
    await desk.adopted("v1")
    await desk.looks()
    desk.running.version = "v9"
    before = desk.running.read

    async def read(ref: Ref) -> Json:
        found = await before(ref)
        await desk.world.deploys()
        return found

    desk.running.read = read  # type: ignore[method-assign]  # somebody who is faster
    await desk.later(seconds=LOOK.total_seconds())
    assert await desk.findings() == []


async def test_a_second_process_says_nothing_again(desk: Desk) -> None:
    """A process that was silent for longer than its lease comes back after another one has said it."""
    await desk.adopted("v1")
    await desk.looks()
    desk.running.version = "v9"
    before = desk.running.read

    async def read(ref: Ref) -> Json:
        desk.running.read = before  # type: ignore[method-assign]  # once
        desk.world.later(seconds=60)
        assert await desk.looks()
        return await before(ref)

    desk.running.read = read  # type: ignore[method-assign]  # a stall, while it looks
    await desk.later(seconds=LOOK.total_seconds())
    assert len(await desk.findings()) == 1


async def test_a_run_that_could_not_record_is_the_finding_until_that_is_mended(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    outdated = Failed("Container web runs v9, not v2. Nothing was recorded.", finding="lkg-outdated")
    desk.world.outside.answers = [outdated]
    await desk.world.works()
    first, second = await desk.findings()
    assert (first.mended, second.id) == (f"{run_id} tells it anew.", f"{run_id}.lkg-outdated")
    back = run_id.replace("D-", "R-")
    assert second.mended == f"{back} brought v1 back, as it is recorded."


async def test_what_is_adopted_is_left_by_nobody_any_more(desk: Desk) -> None:
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    desk.world.outside.answers = [Failed("New pods crash.")]
    await desk.world.works()
    stream = f"finding/{run_id}.deploy-failed"
    assert (await desk.world.release()).left == (run_id,)
    assert (await desk.world.store.read([stream])).streams[stream].state.free
    await desk.adopted("v2")
    found: Finding = (await desk.world.store.read([stream])).streams[stream].state
    assert (await desk.world.release()).left == ()
    assert found.mended == "What stands there was adopted as the last known good: v2."
    assert not found.free
