"""An incident decides and evolves: opened once, joined, resolved once and with lessons, told what Slack did."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from commands.views.incident_card import incident_card, incident_text, told
from commands.views.incident_room import channel_name, numbered, room
from commands.views.incident_words import listed, reference
from commands.views.lessons_form import faults, filled, form
from runbooks.folds import rooms
from runbooks.incidents import incident as events
from runbooks.incidents.handling import (
    Command,
    Concern,
    EndWayBack,
    Resolve,
    SlackDid,
    TakeLead,
    TakeOn,
    Update,
    decide,
)
from runbooks.incidents.in_slack import Slack
from runbooks.incidents.incident import Incident, Lessons
from runbooks.rollback_outcome import WayBack
from runbooks.vocabulary import OPSBOT, Actor, Refused, Severity
from tests.commands.stages import KNOWN, RELEASE

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ALEX, RILEY = Actor("T1/UALEX"), Actor("T1/URILEY")
OPEN = Concern(
    Severity.S2,
    "solvereign-api",
    "production",
    "Deploy failed, rollback needed",
    ("New pods crash.",),
    finding="D-107.deploy-failed",
    requester=RILEY,
)
WORSE = replace(OPEN, severity=Severity.S1, title="Rollback failed", finding="R-107.rollback-failed")
LEARNED = Lessons("It broke.", "The rollback.", "A test.", ALEX, date(2026, 12, 1))
BACK = WayBack("R-107", "v41", "succeeded", stands=True, by=None, at=TEN)
HOSTILE = "<!channel> *bold* <https://evil.example|click> `x`"


def after(*commands: Command, start: Incident | None = None) -> Incident:
    """The incident after these; every event survives being stored."""
    found, fold = start or events.start("incident/I-107"), rooms()["incident"].fold
    for command in commands:
        for event in decide(found, command, TEN):
            stored = fold.event_type.validate_json(json.dumps(json.loads(fold.event_type.dump_json(event))))
            assert stored == event
            found = events.evolve(found, event)
    assert fold.state_type.validate_json(fold.state_type.dump_json(found)) == found
    return found


def kinds(found: Incident) -> list[str]:
    return [entry.what for entry in found.entries]


def test_it_is_opened_once_and_its_events_are_its_timeline() -> None:
    found = after(OPEN, OPEN, TakeOn(ALEX), TakeOn(ALEX), EndWayBack(BACK), EndWayBack(BACK), Update(ALEX, "Back."))
    assert (found.severity, found.findings, found.workers) == ("S2", ("D-107.deploy-failed",), (ALEX,))
    assert kinds(found) == ["opened", "taken-on", "way-back-ended", "updated"]


def test_a_worse_finding_joins_and_opens_it_again() -> None:
    found = after(OPEN, Resolve(ALEX, "Over.", LEARNED), WORSE)
    assert (found.severity, found.called_at, found.resolved) == ("S1", "S2", None)
    assert found.findings == ("D-107.deploy-failed", "R-107.rollback-failed")


@pytest.mark.parametrize("command", [Update(ALEX, "x"), TakeLead(ALEX), Resolve(ALEX, "x", LEARNED)])
def test_what_was_never_opened_or_is_over_refuses_people(command: Command) -> None:
    with pytest.raises(Refused, match="no-such-incident"):
        after(command)
    with pytest.raises(Refused, match="resolved-already"):
        after(OPEN, Resolve(ALEX, "Over.", LEARNED), command)


def test_lessons_are_told_again_where_it_was_opened_again() -> None:
    again = replace(LEARNED, happened="It broke twice.")
    found = after(OPEN, Resolve(ALEX, "Over.", LEARNED), WORSE, Resolve(ALEX, "Over again.", again))
    names = [name for name, text, _ in told(found) if text == "Lessons of I-107"]
    assert (names, "It broke twice." in str(told(found))) == (["lessons/2"], True)


def test_what_was_never_opened_keeps_no_news() -> None:
    assert after(TakeOn(ALEX), EndWayBack(BACK), SlackDid(Slack.CREATE)) == events.start("incident/I-107")


@pytest.mark.parametrize(("severity", "asked"), [("S1", True), ("S2", True), ("S3", False), ("S4", False)])
def test_s1_and_s2_end_with_lessons(severity: str, asked: bool) -> None:  # a table's column
    opened = replace(OPEN, severity=Severity(severity))
    if asked:
        with pytest.raises(Refused, match="lessons-missing"):
            after(opened, Resolve(ALEX, "Over."))
    else:
        assert after(opened, Resolve(ALEX, "Over.")).resolved is not None
    assert after(opened, Resolve(ALEX, "Over.", LEARNED)).lessons == LEARNED


def test_slack_is_asked_for_each_thing_once_in_order() -> None:
    found = after(OPEN)
    assert (first := room(KNOWN, found)) is not None
    assert (first.asked, first.name, first.people) == (Slack.CREATE, "inc-2026-11-24-solvereign-api", ("URILEY",))
    assert "sre" in first.groups
    found = after(SlackDid(Slack.CREATE, channel="C9", name="inc-x"), start=found)
    asked = []
    while (wanted := room(KNOWN, found)) is not None:
        asked.append(wanted.asked)
        found = after(SlackDid(wanted.asked), SlackDid(wanted.asked, refused="late"), start=found)
    assert (asked, found.refusals) == ([Slack.PIN, Slack.INVITE], {})


def test_a_card_that_was_posted_anew_is_to_be_pinned_anew_once() -> None:
    made = after(OPEN, SlackDid(Slack.CREATE, channel="C9"), SlackDid(Slack.PIN, ts="1.1"), SlackDid(Slack.INVITE))
    assert [room(KNOWN, made, card) for card in ("", "1.1")] == [None, None]
    wanted = room(KNOWN, made, "2.2")
    assert wanted is not None
    assert wanted.asked is Slack.PIN
    refused = after(SlackDid(Slack.PIN, refused="not_pinnable", ts="2.2"), start=made)
    assert (room(KNOWN, refused, "2.2"), refused.refusals) == (None, {Slack.PIN: "not_pinnable"})
    again = after(SlackDid(Slack.PIN, ts="3.3"), start=refused)
    assert (again.pinned, again.refusals, again.asked) == ("3.3", {}, tuple(Slack))


def test_without_a_channel_nothing_more_is_asked() -> None:
    assert room(KNOWN, after(OPEN, SlackDid(Slack.CREATE, refused="restricted_action"))) is None


def test_a_channels_name_is_one_that_slack_takes() -> None:
    found = replace(after(OPEN), service="Ä" + "x" * 100 + ".y")
    assert len(channel_name(found)) == 80
    assert numbered(channel_name(found), 1) == channel_name(found)
    assert numbered(channel_name(found), 12).endswith("x-12")
    assert len(numbered(channel_name(found), 12)) == 80
    assert channel_name(replace(found, service="a.B_c")) == "inc-2026-11-24-a-b_c"


def shown(found: Incident) -> str:
    return str(incident_card(found, [], RELEASE)) + incident_text(found)


def test_the_card_says_what_slack_refused() -> None:
    refused = after(OPEN, SlackDid(Slack.CREATE, refused="restricted_action"))
    assert "Slack did not make a channel for it (“restricted_action”), so it is worked on here." in shown(refused)
    assert reference(refused) == "Incident: I-107 (opened), without a channel of its own"
    made = after(OPEN, SlackDid(Slack.CREATE, channel="C9", name="inc-x"))
    assert reference(made) == "Incident: <#C9|inc-x> (opened)"
    unhelped = after(SlackDid(Slack.PIN, refused="not_pinnable"), SlackDid(Slack.INVITE, refused="ura"), start=made)
    assert "pin it by hand" in shown(unhelped)
    assert "invite them by hand" in shown(unhelped)


def test_what_people_type_is_never_interpreted() -> None:
    hostile = replace(LEARNED, happened=HOSTILE, helped=HOSTILE, change=HOSTILE)
    found = after(replace(OPEN, what=(HOSTILE,)), Update(ALEX, HOSTILE * 50), Resolve(ALEX, HOSTILE, hostile))
    said = shown(found) + str(told(found)) + listed([found])
    assert "<!channel>" not in said
    assert "<https" not in said
    assert [name for name, _, _ in told(found)] == ["told/2", "told/3", "lessons"]


def test_who_declares_it_works_on_it() -> None:
    declared = replace(OPEN, finding="", requester=None, by=ALEX)
    found = after(declared)
    assert (found.workers, kinds(found)) == ((ALEX,), ["opened", "taken-on"])
    assert "*Works on it:* <@UALEX>" in shown(found)
    assert after(replace(declared, finding="D-107.deploy-failed")).workers == (), "who opens one for a finding"
    assert after(replace(declared, by=OPSBOT)).workers == ()


def test_one_leads_and_others_work_on_it() -> None:
    found = after(OPEN)
    assert "*Leads:* nobody yet: “Take the lead” makes it you" in shown(found)
    assert "Works on it" not in shown(found)
    found = after(TakeOn(RILEY), TakeLead(ALEX), start=found)
    assert (found.lead, found.lead_at, found.workers) == (ALEX, TEN, (RILEY, ALEX))
    assert kinds(found) == ["opened", "taken-on", "lead-taken"]
    assert "*Leads:* <@UALEX>, since" in shown(found)
    assert "*Works on it:* <@URILEY>'" in shown(found), "the lead is named once"
    assert "<@UALEX> leads" in listed([found])
    assert told(found)[-1][1] == "🧭 <@UALEX> leads"
    over = incident_card(after(Resolve(ALEX, "Over.", LEARNED), start=found), [], RELEASE)
    assert [block for block in over if block["type"] == "actions"] == []


def test_the_lead_is_taken_over_by_whoever_saw_from_whom() -> None:
    led = after(OPEN, TakeLead(ALEX))
    assert after(TakeLead(RILEY, instead_of=ALEX), start=led).lead == RILEY
    for late, why in ((TakeLead(RILEY), "lead-taken"), (TakeLead(ALEX, instead_of=ALEX), "lead-yours")):
        with pytest.raises(Refused, match=why):
            after(late, start=led)


def test_a_long_timeline_fits() -> None:
    found = after(OPEN, *(Update(ALEX, f"{n} " + "x" * 900) for n in range(60)))
    blocks = incident_card(found, [], RELEASE)
    assert len(blocks) <= 50
    assert "42 earlier" in str(blocks)


def view(found: Incident, **given: str) -> dict[str, object]:
    """The form as Slack sends it back."""
    sent = {"owner": "selected_user", "due": "selected_date"}
    made = form(found, "", ALEX)
    names = [block["block_id"] for block in made["blocks"] if block["type"] == "input"]
    values = {name: {name: {sent.get(name, "value"): given.get(name)}} for name in names}
    return {**made, "state": {"values": values}}


FILLED = {"text": "Over.", "happened": "a", "helped": "b", "change": "c", "owner": "URILEY", "due": "2026-12-01"}


def test_the_form_asks_for_everything_where_the_severity_says_so() -> None:
    said = filled(view(after(OPEN), **FILLED))
    assert faults(said, today=TEN.date()) == {}
    assert said.lessons(ALEX) == Lessons("a", "b", "c", RILEY, date(2026, 12, 1))
    small = filled(view(after(replace(OPEN, severity=Severity.S3)), text="Over."))
    assert (faults(small, today=TEN.date()), small.lessons(ALEX)) == ({}, None)


@pytest.mark.parametrize("missing", list(FILLED))
@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_half_filled_form_says_what_is_missing(missing: str, blank: str) -> None:
    said = filled(view(after(OPEN), **{**FILLED, missing: blank}))
    wrong = faults(said, today=TEN.date())
    assert list(wrong) == [missing]
    assert wrong[missing].endswith("Nothing was changed.")


def test_a_day_that_is_over_is_none_to_do_it_until() -> None:
    assert list(faults(filled(view(after(OPEN), **{**FILLED, "due": "2026-11-20"})), today=TEN.date())) == ["due"]
