"""Slack made equal to the state, while answers are lost, Slack refuses, and cards change faster than Slack takes."""

import httpx
import pytest

from runbooks.engine.asks import Abort
from sandbox.slack import Fault, Kind
from tests.deliveries.desk import KPI, Desk, fails, pictured

pytestmark = pytest.mark.slack


async def test_a_run_has_one_card_that_is_edited_and_whoever_must_approve_is_told_anew(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    await desk.deliver()
    await desk.world.works()
    await desk.world.ticks(run_id)
    await desk.world.works()
    desk.world.later(seconds=2)
    await desk.deliver()
    card, asked = await desk.seen()
    assert "Waits for 1 approval" in card.shown
    assert (asked.thread_ts, "Approve" in card.buttons) == (card.ts, True)


LOST = [Kind.LOST_ANSWER, Kind.TIMEOUT_AFTER_EFFECT, Kind.DROP_REQUEST, Kind.RATE_LIMITED, Kind.SERVER_ERROR]


@pytest.mark.parametrize("kind", LOST)
async def test_a_post_whose_answer_was_lost_is_looked_for_and_never_posted_twice(desk: Desk, kind: Kind) -> None:
    desk.slack.proxy.inject(Fault("chat.postMessage", kind, seconds=3))
    run_id = await desk.world.deploys()
    await desk.deliver()
    desk.world.later(seconds=4)
    await desk.deliver()
    desk.world.later(seconds=4)
    await desk.deliver()
    cards = [m for m in await desk.seen() if run_id in m.shown]
    assert len(cards) == 1
    assert (await desk.deliveries.sent.of(f"run/{run_id}"))[f"run/{run_id}/card"].ts == cards[0].ts


async def test_a_post_that_is_found_again_says_what_became_of_it_since(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    desk.slack.proxy.inject(Fault("chat.postMessage", Kind.LOST_ANSWER))
    await desk.deliver()
    await desk.world.hears(Abort(run_id))
    await desk.world.works()
    desk.world.later(seconds=4)
    await desk.deliver()
    [card] = await desk.seen()
    assert "Aborted" in card.shown


async def test_a_lost_reply_in_a_thread_is_found_there(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    await desk.deliver()
    desk.slack.proxy.inject(Fault("chat.postMessage", Kind.LOST_ANSWER))
    await desk.world.works()
    await desk.world.ticks(run_id)
    await desk.world.works()
    for _ in range(3):
        desk.world.later(seconds=4)
        await desk.deliver()
    assert len([m for m in await desk.seen() if m.thread_ts]) == 1


async def test_an_edit_that_failed_heals_with_the_next(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    await desk.deliver()
    desk.world.later(seconds=2)
    desk.slack.proxy.inject(Fault("chat.update", Kind.RATE_LIMITED, times=2))
    await desk.world.works()
    for _ in range(4):
        desk.world.later(seconds=4)
        await desk.deliver()
    assert "Told everybody" in (await desk.seen())[0].shown
    assert run_id in (await desk.seen())[0].shown


async def test_ten_changes_in_a_second_are_one_edit_and_the_last_one_shows(desk: Desk) -> None:
    run_id = await desk.world.at_the_gate()
    await desk.deliver()
    await desk.world.approves(run_id)
    before = len(desk.slack.journal.calls("chat.update"))
    for _ in range(10):
        desk.world.later(seconds=0.1)
        await desk.world.works()
        await desk.deliver()
    assert len(desk.slack.journal.calls("chat.update")) - before <= 2
    desk.world.later(seconds=2)
    await desk.deliver()
    assert "✅ Done" in (await desk.seen())[0].shown


async def test_an_edit_of_a_time_that_is_yet_to_come_holds_none_up(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    await desk.deliver()
    await desk.world.works()
    desk.world.later(seconds=2)
    await desk.deliver()
    desk.world.later(hours=-1)  # the database's clock was set back
    await desk.world.ticks(run_id)
    await desk.world.works()
    await desk.deliver()
    desk.world.later(seconds=2)
    await desk.deliver()
    assert "Waits for 1 approval" in (await desk.seen())[0].shown


async def test_a_channel_that_is_not_there_stops_no_other_message(desk: Desk) -> None:
    desk.slack.proxy.inject(
        Fault("chat.postMessage", Kind.ERROR, error="channel_not_found", match=lambda a: "S2" in str(a.get("text")))
    )
    await fails(desk)
    await desk.deliver()
    assert any("Deploy failed: api to production" in m.shown for m in await desk.seen())


async def test_a_finding_goes_to_the_channel_of_its_severity_once(desk: Desk) -> None:
    await fails(desk)
    for _ in range(3):
        await desk.deliver()
        desk.world.later(seconds=2)
    [finding] = await desk.seen("incidents")
    assert "*Do:* Execute rollback.\u2003Incident: <#C" in finding.shown


@pytest.mark.parametrize("trouble", ["", "invalid_blocks", "lost"])
async def test_kpis_are_drawn_in_the_thread_once(desk: Desk, trouble: str) -> None:
    """Also where Slack has not read the picture yet, and where the answer to the post was lost."""
    if trouble:
        kind = Kind.LOST_ANSWER if trouble == "lost" else Kind.ERROR
        desk.slack.proxy.inject(Fault("chat.postMessage", kind, error=trouble, match=pictured))
    await fails(desk, kpis=[KPI])
    for _ in range(4):
        await desk.deliver()
        desk.world.later(seconds=4)
    [shown] = [m for m in await desk.seen() if pictured({"blocks": m.blocks})]
    assert shown.thread_ts
    assert shown.blocks[-1]["alt_text"] == "error rate: 4.1 %, was 0.3 %, at most 0.8 %"
    async with httpx.AsyncClient() as client:
        picture = await client.get(shown.blocks[-1]["image_url"])
    assert picture.content.startswith(b"\x89PNG")
    assert len(desk.slack.journal.calls("files.completeUploadExternal")) == 1


async def test_without_the_right_to_upload_all_else_is_told_and_that_the_picture_is_missing(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("files.getUploadURLExternal", Kind.ERROR, error="missing_scope", times=9))
    await fails(desk, kpis=[KPI])
    await desk.deliver()
    assert any("Deploy failed: api to production" in m.shown for m in await desk.seen())
    [told] = [m for m in await desk.seen() if "The picture is missing" in m.shown]
    why = "⚠️ The picture is missing: Slack did not take it (“missing_scope”)."
    assert told.shown.endswith(f"{why} error rate: 4.1 %, was 0.3 %, at most 0.8 %")
