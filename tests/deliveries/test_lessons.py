"""The lessons of a rollback in the local Slack: the line's button, the form, its closing, and where they are told."""

from collections.abc import AsyncIterator

import pytest

from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import Actor
from sandbox.slack import Message
from sandbox.waiting import until
from tests.commands.seat import Seat, edge_of, serving
from tests.deliveries.desk import Desk
from tests.deliveries.incident_desk import LEARNED, card, delivered, desk, incident
from tests.incidents.records import with_records

pytestmark = pytest.mark.slack
__all__ = ["desk"]  # a fixture


@pytest.fixture
async def seat(desk: Desk) -> AsyncIterator[Seat]:
    """Alex, before a planned rollback that waits for its lessons alone."""
    world = with_records(desk.world)
    casey = Actor(f"{desk.slack.workspace.team_id}/{desk.slack.users['casey']}")
    world.members.groups["sre"].add(casey)
    await world.adopted("v1")
    async with serving(edge_of(world), desk.slack):
        await world.hears(asks.PlanRollBack("api"), casey)
        await world.works()
        await world.hears(asks.Answer("R-1", "told-them", "done"), casey)
        await world.works()
        await world.approves("R-1", next(who for who in world.members.groups["sre"] if who != casey))
        await world.works()
        await delivered(desk)
        yield Seat(world, desk.slack.person("alex"))


async def run_card(desk: Desk) -> Message:
    return next(m for m in await desk.seen() if "R-1 · planned" in m.shown)


async def open_form(desk: Desk, seat: Seat, shown: Message, button: str) -> None:
    await seat.person.click(shown, button)

    async def there() -> bool:
        return await seat.person.view() is not None

    await until(there, what="the form")


async def over(desk: Desk) -> None:
    async def ended() -> bool:
        return (await desk.world.run("R-1")).status is Status.SUCCEEDED

    await until(ended, what="the rollback's end")
    await delivered(desk)


async def test_the_line_of_a_rollback_opens_the_form_which_ticks_it_and_tells_the_lessons_twice(
    desk: Desk, seat: Seat
) -> None:
    shown, found = await run_card(desk), await incident(desk, "I-1")
    assert "Write lessons" in shown.buttons
    assert "Done" not in shown.buttons
    assert f"Incident: <#{found.channel}|{found.channel_name}> (opened)" in shown.shown
    await open_form(desk, seat, shown, "Write lessons")
    view = await seat.person.view()
    assert view is not None
    assert "I-1 is the record of R-1: it ends with what was learned." in str(view["blocks"])
    await seat.person.submit({name: said for name, said in LEARNED.items() if name != "due"})  # suggested there
    await over(desk)
    shown = await run_card(desk)
    assert "✅ Done" in shown.shown
    in_channel = [m for m in await desk.seen(found.channel) if "Lessons of I-1" in m.shown]
    in_thread = [m for m in await desk.seen() if "Lessons of I-1" in m.shown]
    assert [m.thread_ts for m in in_thread] == [shown.ts]
    for [told] in (in_channel, in_thread):
        assert "Test the settings first." in told.shown
    record = await card(desk, found.channel)
    assert "S3 · Planned rollback to v1" in record.shown
    assert "R-1 took production back to v1." in record.shown


async def test_a_form_that_is_closed_half_filled_changes_nothing_and_opens_again(desk: Desk, seat: Seat) -> None:
    await open_form(desk, seat, await run_card(desk), "Write lessons")
    await seat.person.submit({**LEARNED, "change": ""})

    def told_off() -> bool:
        return any("Say it in a sentence or two" in str(each.ack) for each in desk.slack.journal.envelopes)

    await desk.slack.journal.until(told_off, seconds=5)
    await seat.person.dismiss()

    async def closed() -> bool:
        return await seat.person.view() is None

    await until(closed, what="the form closed")
    found = await incident(desk, "I-1")
    assert (found.resolved, found.lessons) == (None, None)
    await open_form(desk, seat, await run_card(desk), "Write lessons")
    await seat.person.submit(LEARNED)
    await over(desk)
    assert (await incident(desk, "I-1")).lessons is not None


async def test_the_button_of_a_card_that_was_drawn_before_says_that_they_are_written(desk: Desk, seat: Seat) -> None:
    before = await run_card(desk)
    await open_form(desk, seat, before, "Write lessons")
    await seat.person.submit(LEARNED)
    await over(desk)
    await seat.person.click(before, "Write lessons")
    said = await seat.person.sees("deploys", lambda m: bool(m.ephemeral_to))
    assert f"I-1 was resolved by <@{seat.person.id}>" in said.shown
