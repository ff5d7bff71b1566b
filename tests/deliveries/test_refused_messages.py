"""Messages that Slack lost, or will not take: a lost card is posted anew, a refused message blocks nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.adapters.slack.client import web_client
from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.vocabulary import Done
from sandbox.slack import Fault, Kind, Message
from tests.deliveries.desk import KPI, Desk, fails, pictured
from tests.engine.world import RILEY
from tests.incidents.records import LEARNED

pytestmark = pytest.mark.slack


async def at_the_gate(desk: Desk) -> str:
    """A run whose card stands and whose approvers were asked, a while ago."""
    run_id = await desk.world.deploys()
    await desk.deliver()
    await desk.world.works()
    await desk.world.ticks(run_id)
    await desk.world.works()
    await passing(desk)
    return run_id


async def passing(desk: Desk, rounds: int = 12) -> None:
    """Time passes, and all that is due is delivered."""
    for _ in range(rounds):
        desk.world.later(seconds=10)
        await desk.deliver()


async def delete(desk: Desk, message: Message) -> None:
    """Somebody deletes it in Slack."""
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    await client.chat_delete(channel=desk.slack.channels["deploys"], ts=message.ts)


def cards(seen: list[Message]) -> list[Message]:
    return [message for message in seen if message.shown.startswith(("Deploy api", "Deployed api"))]


async def test_a_deleted_card_is_posted_anew_and_whoever_must_approve_is_told_below_it(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    await desk.world.works()
    await passing(desk)
    [card] = cards(await desk.seen())
    await delete(desk, card)
    await desk.world.ticks(run_id)
    await desk.world.works()
    await passing(desk)
    seen = await desk.seen()
    [anew] = cards(seen)
    [asked] = [m for m in seen if "waits for 1 approval" in m.shown]
    assert (anew.ts != card.ts, "Approve" in anew.buttons, asked.thread_ts) == (True, True, anew.ts)


async def test_what_the_thread_of_a_deleted_card_told_follows(desk: Desk) -> None:
    await fails(desk, kpis=[KPI])
    await desk.deliver()
    [card] = [m for m in await desk.seen() if m.shown.startswith("Deploy failed")]
    await delete(desk, card)
    assert (await desk.world.hears(asks.Resolve("I-1", "v1 serves again.", LEARNED), RILEY)).did == "resolved"
    await passing(desk)
    seen = await desk.seen()
    [anew] = [m for m in seen if m.shown.startswith("Deploy failed")]
    told = [m.shown.partition("\n")[0] for m in seen if m.thread_ts == anew.ts and m.ts != anew.ts]
    assert told == ["❌ <@URILEY> “Turn the knob”: New pods crash.", "D-1 · Turn the knob"]


async def test_a_card_that_can_not_be_edited_any_more_is_posted_anew(desk: Desk) -> None:
    run_id = await at_the_gate(desk)
    [card] = cards(await desk.seen())
    fault = Fault(
        "chat.update", Kind.ERROR, error="cant_update_message", times=9, match=lambda m: m.get("ts") == card.ts
    )
    desk.slack.proxy.inject(fault)
    await desk.world.approves(run_id)
    await desk.world.works()
    await passing(desk)
    before, anew = cards(await desk.seen())
    assert (before.ts, "✅ Done" in before.shown, "✅ Done" in anew.shown) == (card.ts, False, True)


async def test_where_no_edit_is_taken_a_card_is_posted_anew_once_a_minute_at_most(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("chat.update", Kind.ERROR, error="message_not_found", times=999))
    run_id = await desk.world.deploys()
    await desk.deliver()
    for change in (desk.world.works, lambda: desk.world.ticks(run_id), desk.world.works):
        await change()
        await passing(desk, 1)
    assert len(cards(await desk.seen())) == 1
    await passing(desk, 6)
    *_, card = cards(await desk.seen())
    assert (len(cards(await desk.seen())), "Approve" in card.buttons) == (2, True)


async def test_a_lost_answer_to_the_new_post_is_no_third_card(desk: Desk) -> None:
    run_id = await at_the_gate(desk)
    [card] = cards(await desk.seen())
    await delete(desk, card)
    desk.slack.proxy.inject(Fault("chat.postMessage", Kind.LOST_ANSWER))
    await desk.world.approves(run_id)
    await desk.world.works()
    await passing(desk)
    [anew] = cards(await desk.seen())
    assert "✅ Done" in anew.shown


async def test_a_picture_that_is_never_taken_is_told_in_words_and_blocks_nothing(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("chat.postMessage", Kind.ERROR, error="invalid_blocks", times=9999, match=pictured))
    await fails(desk, kpis=[KPI])
    await passing(desk, 15)
    [told] = [m for m in await desk.seen() if "The picture is missing" in m.shown]
    why = "⚠️ The picture is missing: Slack did not take it (“invalid_blocks”)."
    assert told.shown.endswith(f"{why} error rate: 4.1 %, was 0.3 %, at most 0.8 %")
    tried = [call for call in desk.slack.journal.calls("chat.postMessage") if "slack_file" in str(call)]
    assert (len(tried), len(desk.slack.journal.calls("files.completeUploadExternal"))) == (10, 1)


TWICE = """# Deploy

- [ ] Approved
  ```step
  uses: approve
  ```
- [ ] Turn the knob
  ```step
  id: first
  uses: knob
  ```
- [ ] Turn it again
  ```step
  id: second
  uses: knob
  ```
"""


async def test_what_comes_after_a_picture_that_is_not_taken_does_not_wait_for_it(desk: Desk) -> None:
    def of_the_first(message: Mapping[str, Any]) -> bool:
        return pictured(message) and "Turn the knob" in str(message)

    desk.slack.proxy.inject(
        Fault("chat.postMessage", Kind.ERROR, error="invalid_blocks", times=9999, match=of_the_first)
    )
    known = {uses: step.params for uses, step in desk.world.steps.items()}
    desk.world.shelf.documents["deploy"] = parse(TWICE, path="deploy.md", known=known)
    desk.world.outside.answers = [Done("turned", {"kpis": [KPI]}), Done("turned again", {"kpis": [KPI]})]
    run_id = await desk.world.deploys()
    await desk.world.works()
    await desk.world.approves(run_id)
    await desk.world.works()
    await desk.deliver()
    [shown] = [m for m in await desk.seen() if pictured({"blocks": m.blocks})]
    assert shown.shown.startswith(f"{run_id} · Turn it again")


async def test_where_a_lost_card_can_not_be_posted_anew_the_rest_is_told(desk: Desk) -> None:
    run_id = await at_the_gate(desk)
    [card] = cards(await desk.seen())
    await delete(desk, card)
    desk.slack.proxy.inject(Fault("chat.postMessage", Kind.ERROR, error="restricted_action", times=1))
    await desk.world.approves(run_id)
    await desk.world.works()
    await desk.deliver()
    assert (await desk.deliveries.sent.of(f"run/{run_id}"))[f"run/{run_id}/card"].refused == "restricted_action"
    assert cards(await desk.seen()) == []
