"""A follow-up in the local Slack: on which cards it stands, who clicks, the form that ends it, where it is told."""

from collections.abc import AsyncIterator

import pytest

from runbooks.engine import asks
from runbooks.vocabulary import Failed
from sandbox.slack import Fault, Kind, Message
from sandbox.waiting import until
from tests.commands.seat import Seat, edge_of, serving
from tests.deliveries.desk import Desk
from tests.deliveries.incident_desk import alex_of, card, delivered, desk, fails, incident, riley_of
from tests.incidents.records import LEARNED

pytestmark = pytest.mark.slack
__all__ = ["desk"]  # a fixture
WHY = "🔎 *Investigate why the health probes failed:*"


@pytest.fixture
async def seat(desk: Desk) -> AsyncIterator[Seat]:
    """Alex, before a deploy whose health probes failed."""
    world = desk.world
    async with serving(edge_of(world), desk.slack):
        await fails(desk, Failed("/health/ready answers 503.", finding="health-failing"))
        await delivered(desk)
        yield Seat(world, desk.slack.person("alex"))


async def cards(desk: Desk) -> tuple[Message, Message]:
    """The finding's and the incident's."""
    finding = next(m for m in await desk.seen("incidents") if "Health probes failing" in m.shown)
    return finding, await card(desk, (await incident(desk, "I-1")).channel)


async def answer(seat: Seat, line: str) -> str:
    """Type a command; what is told in private."""
    before = {m.ts for m in await seat.person.messages("deploys")}
    await seat.person.command("deploys", line)
    return (await seat.person.sees("deploys", lambda m: bool(m.ephemeral_to) and m.ts not in before)).shown


async def owned_by(desk: Desk, name: str) -> None:
    """Wait until this person sees to it, and until the cards say so."""

    async def owned() -> bool:
        follow_up = (await incident(desk, "I-1")).follow_up
        return follow_up is not None and str(follow_up.owner).endswith(desk.slack.users[name])

    await until(owned, what=f"{name} as the owner")
    await delivered(desk)


async def test_it_stands_on_both_cards_and_proposes_who_asked_for_the_deploy(desk: Desk, seat: Seat) -> None:
    for shown in await cards(desk):
        assert f"{WHY} nobody yet, perhaps <@{desk.slack.users['riley']}>, who asked for D-1" in shown.shown
        assert "I investigate" in shown.buttons
        assert "Say what was found" not in shown.buttons
    finding, _ = await cards(desk)
    assert "Investigate." not in finding.shown, "its own line tells it"


async def test_taken_by_a_click_taken_over_by_another_and_ended_by_the_form(desk: Desk, seat: Seat) -> None:
    finding, drawn = await cards(desk)
    await seat.person.click(finding, "I investigate")
    await owned_by(desk, "alex")
    for shown in await cards(desk):
        assert f"{WHY} <@{seat.person.id}>, since" in shown.shown
    channel = (await incident(desk, "I-1")).channel
    assert f"🔎 <@{seat.person.id}> investigates" in [m.shown for m in await desk.seen(channel)]
    finding, shown = await cards(desk)
    assert f"Acknowledged by <@{seat.person.id}>" in finding.shown
    riley = desk.slack.person("riley")
    await riley.click(drawn, "I investigate")  # as it was drawn before
    late = await riley.sees(channel, lambda m: bool(m.ephemeral_to))
    assert f"<@{seat.person.id}> has investigated it since" in late.shown
    await riley.click(shown, "Take over the investigation")
    await owned_by(desk, "riley")
    _, shown = await cards(desk)
    await riley.click(shown, "Say what was found")

    async def opened() -> bool:
        return await riley.view() is not None

    await until(opened, what="the form")
    await riley.submit({"found": "  "})

    def told_off() -> bool:
        return any("sentence or two what was found" in str(each.ack) for each in desk.slack.journal.envelopes)

    await desk.slack.journal.until(told_off, seconds=5)
    await riley.submit({"found": "The cache was cold."})

    async def ended() -> bool:
        return (await incident(desk, "I-1")).to_find_out is None

    await until(ended, what="what was found")
    await delivered(desk)
    for shown in await cards(desk):
        assert f"{WHY} found by <@{riley.id}>" in shown.shown
        assert not {"I investigate", "Say what was found", "Take over the investigation"} & set(shown.buttons)
    assert f"🔎 <@{riley.id}> found: The cache was cold." in [m.shown for m in await desk.seen(channel)]


async def test_it_stands_on_a_resolved_incident_and_in_the_list_until_it_is_ended(desk: Desk, seat: Seat) -> None:
    await desk.world.hears(asks.Investigate("I-1"), alex_of(desk))
    await desk.world.hears(asks.Resolve("I-1", "v1 serves again.", LEARNED), riley_of(desk))
    await delivered(desk)
    _, shown = await cards(desk)
    assert "*Resolved* by" in shown.shown
    assert f"{WHY} <@{seat.person.id}>, since" in shown.shown
    assert "still open" in shown.shown
    assert shown.buttons == ["Say what was found", "Take over the investigation"]
    listed = await answer(seat, "/incident list")
    assert "*I-1* api production" in listed
    assert " · resolved" in listed
    assert WHY in listed
    said = await answer(seat, "/incident found I-1 The cache was cold.")
    assert said.startswith("Closed the investigation of I-1.")
    assert "what was found: its card tells it" in await answer(seat, "/incident found I-1 Again")
    assert (await answer(seat, "/incident list")).startswith("No incident is open.")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("found", "Say which incident: `/incident found I-7 TEXT`."),
        ("found I-9", "There is no incident I-9."),
        ("found I-9 The cache", "There is no incident I-9."),
    ],
)
async def test_what_can_not_be_ended_is_said(seat: Seat, typed: str, says: str) -> None:
    assert says in await answer(seat, f"/incident {typed}")


async def test_a_form_that_does_not_open_changes_nothing(desk: Desk, seat: Seat) -> None:
    desk.slack.proxy.inject(Fault("views.open", Kind.ERROR, error="expired_trigger_id"))
    assert (await answer(seat, "/incident found I-1")).startswith("The form did not open")
    assert (await incident(desk, "I-1")).to_find_out is not None
