"""Clicks that come from the wrong person, twice, or too late: each gets a sentence, and nothing is done by it."""

from collections.abc import Awaitable, Callable

import pytest

from commands.clicks import NOT_UNDERSTOOD
from runbooks.runs.state import Status
from runbooks.vocabulary import Failed
from tests.bad_input.conftest import Refusal
from tests.bad_input.desk import Blocks, Desk, shown
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM

TEN = "at <!date^1795514400^{time}|10:00 UTC>"
HALF_PAST = "at <!date^1795516260^{time}|10:31 UTC>"


async def gate(desk: Desk, by: str = "riley") -> tuple[str, Blocks]:
    """A deploy that waits for its approval, and its card."""
    if by == "alex":
        run_id = await desk.world.deploys("v2", ALEX)
        await desk.world.works()
        await desk.world.ticks(run_id)
        await desk.world.works()
    else:
        run_id = await desk.world.at_the_gate("v2")
    return run_id, await desk.card(run_id)


async def test_somebody_who_may_not_approve(desk: Desk, refused: Refusal) -> None:
    _, card = await gate(desk)
    said = await refused(desk.clicks(card, "Approve", OUTSIDER))
    assert said == "Not approved. To approve here you must be in @sre. Ask one of them."
    said = await refused(desk.clicks(card, "Abort", OUTSIDER))
    assert said == "Not aborted. To abort here you must be in @developers or @sre. Ask one of them."


async def test_the_requester_on_their_own_approval(desk: Desk, refused: Refusal) -> None:
    _, card = await gate(desk, by="alex")
    said = await refused(desk.clicks(card, "Approve", ALEX))
    assert said == "Not approved. You asked for this deploy, so somebody else of @sre must approve it."


async def test_an_approval_twice_counts_once(desk: Desk) -> None:
    run_id, card = await gate(desk)
    assert await desk.clicks(card, "Approve", ALEX) == (True, f"Approved {run_id}.")
    before = desk.records()
    accepted, said = await desk.clicks(card, "Approve", ALEX)
    assert (accepted, said) == (
        False,
        f"You have approved {run_id} already; that counts once, and nothing was recorded again. It needs no more.",
    )
    assert desk.records() == before


async def test_one_click_that_slack_delivers_twice_is_one_click(desk: Desk) -> None:
    run_id, card = await gate(desk)
    first = await desk.clicks(card, "Approve", ALEX, gesture="7.abc")
    before = desk.records()
    assert await desk.clicks(card, "Approve", ALEX, gesture="7.abc") == first == (True, f"Approved {run_id}.")
    assert desk.records() == before
    await desk.world.works()
    assert desk.world.outside.effects == [f"{run_id}/knob"]


async def aborted(desk: Desk, run_id: str) -> None:
    await desk.types(f"/deploy abort {run_id}", SAM)
    await desk.world.works()


async def being_aborted(desk: Desk, run_id: str) -> None:
    await desk.types(f"/deploy abort {run_id}", SAM)


async def rejected(desk: Desk, run_id: str) -> None:
    await desk.clicks(await desk.card(run_id), "Reject", SAM)


async def expired(desk: Desk, run_id: str) -> None:
    desk.world.later(minutes=31)
    await desk.world.works()


async def ended_well(desk: Desk, run_id: str) -> None:
    await desk.clicks(await desk.card(run_id), "Approve", SAM)
    await desk.world.works()


async def failed(desk: Desk, run_id: str) -> None:
    desk.world.outside.answers = [Failed("New pods crash.")]
    await ended_well(desk, run_id)


async def superseded(desk: Desk, run_id: str) -> None:
    await desk.clicks(await desk.offered("/rollback api"), "Roll back now", SAM)


AGAIN = " To ask again: `/deploy api v2 production`."


@pytest.mark.parametrize(
    ("move", "says"),
    [
        (aborted, f"was aborted by <@USAM> {TEN}. Nothing was done.{AGAIN}"),
        (being_aborted, "is being aborted by <@USAM>. Nothing was done; watch its card."),
        (rejected, f"was rejected by <@USAM> {TEN}. Nothing was done.{AGAIN}"),
        (expired, f"expired, since nobody approved it in time, {HALF_PAST}. Nothing was done.{AGAIN}"),
        (ended_well, f"ended well {TEN}. Nothing was done. Its card shows how."),
        (failed, f"failed {TEN}. Nothing was done.{AGAIN}"),
        (superseded, f"was stopped by <@USAM> for a rollback {TEN}. Nothing was done.{AGAIN}"),
    ],
)
async def test_a_card_that_has_moved_on(desk: Desk, move: Callable[[Desk, str], Awaitable[None]], says: str) -> None:
    await desk.world.adopted("v1")
    run_id, card = await gate(desk)
    await move(desk, run_id)
    before = desk.records()
    assert await desk.clicks(card, "Approve", ALEX) == (False, f"This card has moved on: {run_id} {says}")
    assert desk.records() == before


async def test_an_approval_after_the_plan_changed(desk: Desk, refused: Refusal) -> None:
    run_id, old = await gate(desk)
    await desk.clicks(old, "Approve", ALEX)
    desk.world.source.moved["v2"] = "f" * 40
    await desk.world.works()
    said = await refused(desk.clicks(old, "Approve", SAM))
    assert said == (
        f"Not approved. The plan of {run_id} has changed since this card was drawn: commit 2222222 is now fffffff; "
        "to be done again: Told everybody. Read the card as it is now, then decide."
    )
    now = await desk.card(run_id)
    assert "*The plan has changed, so earlier approvals no longer count:*\n• commit 2222222 is now fffffff" in shown(
        now
    )
    await desk.world.ticks(run_id)
    await desk.world.works()
    now = await desk.card(run_id)
    assert (await desk.clicks(now, "Approve", SAM))[0]
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.SUCCEEDED


async def test_an_approval_that_expired_before_the_first_change(desk: Desk) -> None:
    run_id, card = await gate(desk)
    await desk.clicks(card, "Approve", ALEX)
    desk.world.later(minutes=31)
    await desk.world.works()
    now = await desk.card(run_id)
    assert "1 approval does not count any more (expired). Nothing was changed; it waits for another." in shown(now)
    assert desk.world.outside.effects == []
    assert (await desk.clicks(now, "Approve", ALEX))[0]
    await desk.world.works()
    assert desk.world.outside.effects == [f"{run_id}/knob"]


async def test_an_approval_after_its_time_though_nobody_has_ended_the_run_yet(desk: Desk) -> None:
    run_id, card = await gate(desk)
    desk.world.later(minutes=31)
    before = desk.records()
    accepted, said = await desk.clicks(card, "Approve", ALEX)
    assert (accepted, said) == (
        False,
        f"Not approved. The time to approve {run_id} was over at <!date^1795516200^{{time}}|10:30 UTC>, so it ends "
        "and nothing is changed. To ask again: `/deploy api v2 production`.",
    )
    assert desk.records() == before
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.EXPIRED
    assert desk.world.outside.effects == []


async def test_an_approver_who_left_before_the_first_change(desk: Desk) -> None:
    run_id, card = await gate(desk)
    await desk.clicks(card, "Approve", ALEX)
    desk.world.members.groups["sre"].discard(ALEX)
    await desk.world.works()
    text = shown(await desk.card(run_id))
    assert "1 approval does not count any more (left the approvers' group). Nothing was changed; it waits" in text
    assert desk.world.outside.effects == []


async def test_a_line_that_somebody_ticked_already(desk: Desk, refused: Refusal) -> None:
    run_id = await desk.world.deploys()
    await desk.world.works()
    card = await desk.card(run_id)
    await desk.clicks(card, "Done", RILEY)
    await desk.world.works()
    said = await refused(desk.clicks(card, "Done", ALEX))
    assert said == "<@URILEY> did this already. Nothing was changed. The card shows what is open."


async def test_somebody_who_may_not_tick_a_line(desk: Desk, refused: Refusal) -> None:
    run_id = await desk.world.deploys()
    await desk.world.works()
    said = await refused(desk.clicks(await desk.card(run_id), "Done", OUTSIDER))
    assert said == "Not ticked. To tick lines here you must be in @developers or @sre. Ask one of them."


async def test_somebody_who_may_not_decide(desk: Desk, refused: Refusal) -> None:
    run_id, card = await gate(desk)
    desk.world.outside.answers = [ValueError("a fault of ours")]
    await desk.clicks(card, "Approve", ALEX)
    await desk.world.works()
    said = await refused(desk.clicks(await desk.card(run_id), "It was done", OUTSIDER))
    assert said == "Not decided. To decide here you must be in @developers or @sre. Ask one of them."


async def test_a_decision_for_an_earlier_question_is_none_for_the_next(desk: Desk, refused: Refusal) -> None:
    """The same click, come late and under another id of Slack's, after the step has stumbled once more."""
    run_id, card = await gate(desk)
    desk.world.outside.answers = [ValueError("a fault of ours"), ValueError("the same")]
    await desk.clicks(card, "Approve", ALEX)
    await desk.world.works()
    first = await desk.card(run_id)
    assert (await desk.clicks(first, "Not done, do it", ALEX))[0]
    await desk.world.works()
    assert await refused(desk.clicks(first, "Not done, do it", ALEX)) == (
        f"This button is of an earlier question of {run_id}, so nothing was recorded. "
        "The card shows what it asks now, if anything."
    )
    assert (await desk.clicks(await desk.card(run_id), "Not done, do it", ALEX))[0]


async def test_a_line_whose_turn_is_not_yet(desk: Desk, refused: Refusal) -> None:
    run_id, card = await gate(desk)
    body = desk.body(card, "Approve", ALEX)
    later = f'{{"run": "{run_id}", "step": "keep", "choice": "done"}}'
    body["actions"] = [{"action_id": "answer:keep:done", "value": later}]
    said = await refused(desk.presses(body))
    assert said == "This line is not open now, so nothing was recorded. The card shows which lines are."


async def test_a_rollback_whose_target_changed_after_it_was_shown(desk: Desk, refused: Refusal) -> None:
    await desk.world.adopted("v1")
    old = await desk.offered("/rollback api")
    await desk.world.adopted("v2")
    said = await refused(desk.clicks(old, "Roll back now", ALEX))
    assert said == (
        "Not started. What you confirmed has changed: the target is v2 as recorded since. Ask again to see it."
    )


async def test_a_second_click_on_one_confirmation_gets_the_first_reply(desk: Desk) -> None:
    await desk.world.adopted("v1")
    shown_once = await desk.offered("/rollback api")
    first = await desk.clicks(shown_once, "Roll back now", ALEX)
    assert first == (True, "R-1 started: api in production goes back to v1.")
    before = desk.records()
    assert await desk.clicks(shown_once, "Roll back now", ALEX) == first
    assert desk.records() == before


async def test_a_second_confirmation_counts_by_itself(desk: Desk) -> None:
    await desk.world.adopted("v1")
    one, other = await desk.offered("/rollback api"), await desk.offered("/rollback api")
    assert (await desk.clicks(one, "Roll back now", ALEX))[0]
    accepted, said = await desk.clicks(other, "Roll back now", ALEX)
    assert not accepted
    assert said.startswith("R-1 is already rolling back api in production to v1, asked by <@UALEX>")


async def test_a_finding_that_somebody_took_on_already(desk: Desk, refused: Refusal) -> None:
    run_id, _ = await gate(desk)
    await failed(desk, run_id)
    message = await desk.finding(f"{run_id}.deploy-failed")
    assert (await desk.clicks(message, "Acknowledge", ALEX))[0]
    said = await refused(desk.clicks(message, "Acknowledge", SAM))
    assert said == f"<@UALEX> acknowledged it already {TEN}. Nothing was changed; ask them how it stands."


async def test_a_button_that_says_nothing_we_know(desk: Desk, refused: Refusal) -> None:
    body = {**desk.body((await gate(desk))[1], "Approve", ALEX), "actions": [{"action_id": "approve", "value": "7"}]}
    assert await refused(desk.presses(body)) == NOT_UNDERSTOOD
