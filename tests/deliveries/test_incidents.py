"""An incident in the local Slack: its channel, its pinned card, who is invited; typed, filled in, refused."""

from collections.abc import AsyncIterator

import pytest

from bot.adapters.slack.client import web_client
from runbooks.engine import asks
from runbooks.incidents.in_slack import Slack
from runbooks.vocabulary import Failed
from sandbox.slack import Fault, Kind
from sandbox.waiting import until
from tests.commands.seat import Seat, edge_of, serving
from tests.deliveries.desk import Desk
from tests.deliveries.incident_desk import (
    LEARNED,
    NAME,
    alex_of,
    card,
    channels,
    delivered,
    desk,
    fails,
    incident,
)

pytestmark = pytest.mark.slack
__all__ = ["desk"]  # a fixture


async def test_its_channel_is_made_its_card_pinned_and_those_it_concerns_invited(desk: Desk) -> None:
    name = await fails(desk)
    await delivered(desk)
    made = (await channels(desk))[NAME]
    found = await incident(desk, name)
    assert (found.channel, found.channel_name, found.refusals) == (made["id"], NAME, {})
    assert made["purpose"]["value"] == f"{name}: api production"
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    members = (await client.conversations_members(channel=made["id"]))["members"]
    assert {desk.slack.users["riley"], desk.slack.users["alex"]} <= set(members)
    shown = await card(desk, made["id"])
    pinned = (await client.pins_list(channel=made["id"]))["items"]
    assert [item["message"]["ts"] for item in pinned] == [shown.ts]
    assert "New pods crash." in shown.shown
    assert shown.buttons == ["Take the lead", "Resolve"]
    [finding] = await desk.seen("incidents")
    assert f"Incident: <#{made['id']}|{NAME}> (opened)" in finding.shown
    [run_card] = [m for m in await desk.seen() if "Deploy failed" in m.shown]
    assert f"Incident: <#{made['id']}|{NAME}> (opened)" in run_card.shown
    for method in ("conversations.create", "conversations.invite", "pins.add"):
        assert len(desk.slack.journal.calls(method)) == 1


async def test_a_card_that_somebody_deletes_is_posted_and_pinned_anew_with_its_next_edit(desk: Desk) -> None:
    name = await fails(desk)
    await delivered(desk)
    channel = (await incident(desk, name)).channel
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    before = await card(desk, channel)
    await client.chat_delete(channel=channel, ts=before.ts)
    desk.world.later(minutes=2)
    await desk.world.hears(asks.UpdateIncident(name, "Looking."), alex_of(desk))
    await delivered(desk)
    anew = await card(desk, channel)
    pinned = [item["message"]["ts"] for item in (await client.pins_list(channel=channel))["items"]]
    assert (anew.ts != before.ts, "Looking." in anew.shown, anew.ts in pinned) == (True, True, True)
    assert len(desk.slack.journal.calls("pins.add")) == 2


async def test_a_name_that_is_taken_gets_a_number(desk: Desk) -> None:
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    for taken in (NAME, f"{NAME}-2"):
        await client.conversations_create(name=taken)
    name = await fails(desk)
    await delivered(desk)
    assert (await incident(desk, name)).channel_name == f"{NAME}-3"


@pytest.mark.parametrize("kind", [Kind.LOST_ANSWER, Kind.DROP_REQUEST, Kind.RATE_LIMITED, Kind.SERVER_ERROR])
async def test_a_channel_whose_answer_was_lost_is_looked_for_and_never_made_twice(desk: Desk, kind: Kind) -> None:
    desk.slack.proxy.inject(Fault("conversations.create", kind))
    name = await fails(desk)
    await delivered(desk)
    assert [each for each in await channels(desk) if each.startswith("inc-")] == [NAME]
    assert (await incident(desk, name)).channel_name == NAME
    assert (await card(desk, (await incident(desk, name)).channel)).shown


async def test_where_slack_makes_no_channel_the_card_stands_in_the_severitys(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("conversations.create", Kind.ERROR, error="restricted_action", times=9))
    name = await fails(desk)
    await delivered(desk)
    shown = await card(desk, "incidents")
    assert "Slack did not make a channel for it (“restricted_action”), so it is worked on here." in shown.shown
    assert len(desk.slack.journal.calls("conversations.create")) == 1, "it would not be made on a second try"
    await desk.world.hears(asks.UpdateIncident(name, "Looking."), alex_of(desk))
    await delivered(desk)
    said = next(m for m in await desk.seen("incidents") if m.shown.endswith(": Looking."))
    assert said.thread_ts == shown.ts


@pytest.mark.parametrize(
    ("method", "asked", "says"),
    [
        ("conversations.invite", Slack.INVITE, "Slack did not invite the people it concerns (“ura_max_channels”)"),
        ("pins.add", Slack.PIN, "Slack did not pin this card (“ura_max_channels”)"),
    ],
)
async def test_what_slack_refuses_is_said_and_the_rest_is_done(
    desk: Desk, method: str, asked: Slack, says: str
) -> None:
    desk.slack.proxy.inject(Fault(method, Kind.ERROR, error="ura_max_channels", times=9))
    name = await fails(desk)
    await delivered(desk)
    found = await incident(desk, name)
    assert (found.refusals, set(found.asked)) == ({asked: "ura_max_channels"}, set(Slack))
    assert says in (await card(desk, found.channel)).shown
    assert len(desk.slack.journal.calls(method)) == 1


async def test_an_invitation_that_slack_was_too_busy_for_is_tried_again(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("conversations.invite", Kind.RATE_LIMITED))
    name = await fails(desk)
    await delivered(desk)
    assert (await incident(desk, name)).refusals == {}
    assert len(desk.slack.journal.calls("conversations.invite")) == 2


# ---------------------------------------------------------------- typed, clicked, filled in


@pytest.fixture
async def seat(desk: Desk) -> AsyncIterator[Seat]:
    async with serving(edge_of(desk.world), desk.slack):
        yield Seat(desk.world, desk.slack.person("alex"))


async def test_declared_updated_and_resolved_by_typing(desk: Desk, seat: Seat) -> None:
    said = await seat.types("/incident declare api production Customers see errors")
    name = said.shown.split()[1]
    assert said.shown == f"Opened {name} for api in production. Its channel is being made."
    await delivered(desk)
    channel = (await incident(desk, name)).channel
    assert f"*Works on it:* <@{seat.person.id}>" in (await card(desk, channel)).shown
    assert f"*{name}* api production" in (await seat.types("/incident list")).shown
    assert (await seat.types(f"/incident update {name} Looking at it")).shown.startswith(f"Updated {name}.")
    await delivered(desk)
    assert f"<@{seat.person.id}>: Looking at it" in (await card(desk, channel)).shown
    assert (await seat.types(f"/incident resolve {name} It was a test")).shown == f"Resolved {name}."
    assert f"{name} was resolved by" in (await seat.types(f"/incident resolve {name} Again")).shown
    assert f"{name} was resolved by" in (await seat.types(f"/incident update {name} More")).shown
    await delivered(desk)
    shown = await card(desk, channel)
    assert "*Resolved* by" in shown.shown
    assert shown.buttons == []
    assert (await seat.types("/incident list")).shown.startswith("No incident is open.")


async def open_form(desk: Desk, seat: Seat, name: str) -> None:
    shown = await card(desk, (await incident(desk, name)).channel)
    await seat.person.click(shown, "Resolve")

    async def there() -> bool:
        return await seat.person.view() is not None

    await until(there, what="the form")


async def test_resolving_an_s2_asks_for_lessons_and_tells_them(desk: Desk, seat: Seat) -> None:
    name = await fails(desk)
    await delivered(desk)
    await open_form(desk, seat, name)
    await seat.person.submit({**LEARNED, "helped": "   "})

    def told_off() -> bool:
        return any("Say it in a sentence or two" in str(each.ack) for each in desk.slack.journal.envelopes)

    await desk.slack.journal.until(told_off, seconds=5)
    assert (await incident(desk, name)).resolved is None, "half-filled, it resolves nothing"
    await seat.person.submit(LEARNED)

    async def resolved() -> bool:
        return (await incident(desk, name)).resolved is not None

    await until(resolved, what="the incident's end")
    found = await incident(desk, name)
    assert found.lessons is not None
    assert (found.lessons.helped, found.lessons.owner) == ("The rollback.", alex_of(desk))
    await delivered(desk)
    lessons = next(m for m in await desk.seen(found.channel) if f"Lessons of {name}" in m.shown)
    assert "Test the settings first." in lessons.shown
    assert f"<@{desk.slack.users['alex']}> sees to it until 1 Dec 2099" in lessons.shown
    [finding] = await desk.seen("incidents")
    assert "(resolved)" in finding.shown


async def test_a_form_that_does_not_open_changes_nothing(desk: Desk, seat: Seat) -> None:
    name = await fails(desk)
    desk.slack.proxy.inject(Fault("views.open", Kind.ERROR, error="expired_trigger_id"))
    assert (await seat.types(f"/incident resolve {name}")).shown.startswith("The form did not open")
    assert (await incident(desk, name)).resolved is None


async def test_a_finding_without_an_incident_opens_one_by_its_button(desk: Desk, seat: Seat) -> None:
    name = await fails(desk, Failed("No script.", finding="migration-without-rollback"))
    await delivered(desk)
    finding = next(m for m in await desk.seen() if "Missing rollback script" in m.shown)
    await seat.person.click(finding, "Open incident")

    async def opened() -> bool:
        return (await incident(desk, name)).opened

    await until(opened, what="the incident")
    await delivered(desk)
    finding = next(m for m in await desk.seen() if "Missing rollback script" in m.shown)
    assert f"Incident: <#{(await incident(desk, name)).channel}|{NAME}> (opened)" in finding.shown
    assert "Open incident" not in finding.buttons


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "`/incident declare SERVICE [ENVIRONMENT] TEXT`"),
        ("help", "`/incident resolve I-7 TEXT`"),
        ("list", "No incident is open."),
        ("update I-999 Looking", "There is no incident I-999."),
        ("resolve I-999 Over", "There is no incident I-999."),
        ("resolve", "Say which incident: `/incident resolve I-7 TEXT`."),
        ("update D-7 x", "“D-7” is no incident."),
        ("update I-7", "Say how it stands: `/incident update I-7 TEXT`."),
        ("declare", "Say where and what"),
        ("declare apy x", "There is no service “apy”. Did you mean api?"),
        ("declare api", "Say what happens"),
        ("declare api productio x", "There is no environment “productio”. Did you mean production?"),
        ("<!channel> now", "Not understood: “&lt;!channel&gt; now”."),
    ],
)
async def test_what_can_not_be_done_is_said(seat: Seat, typed: str, says: str) -> None:
    assert says in (await seat.types(f"/incident {typed}")).shown
    assert await seat.world.store.latest("incident/", 5) == []
