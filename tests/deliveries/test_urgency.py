"""What goes first where Slack takes no more for now."""

from dataclasses import replace
from datetime import datetime

import pytest

from commands.views.messages import messages
from commands.views.urgency import Urgency
from commands.views.urgency import urgency as urgency_of
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Status
from runbooks.vocabulary import Pending, Severity
from tests.commands.stages import KNOWN, sees, stages
from tests.commands.test_lines_before import run, see, step
from tests.runs.stories import TEN

URGENT, LASTING, PROGRESS = Urgency
CARDS = {
    "planning": PROGRESS,
    "waits for lines": PROGRESS,
    "waits for approval": URGENT,
    "rolling out": PROGRESS,
    "deployed": LASTING,
    "expired": LASTING,
    "not planned": LASTING,
    "failed": URGENT,  # after a change: an S2
    "asks about the schema": URGENT,  # an emergency
}


@pytest.mark.parametrize("stage", CARDS)
def test_a_card_is_urgent_while_somebody_must_act_and_its_last_state_goes_before_what_goes_on(stage: str) -> None:
    [card] = [each for each in messages(KNOWN, dict(stages())[stage], sees) if each.key.endswith("/card")]
    assert card.urgency is CARDS[stage]


def test_a_message_that_mentions_somebody_is_urgent_whatever_its_card() -> None:
    found = messages(KNOWN, dict(stages())["waits for lines"], sees)
    assert {each.urgency for each in found if each.thread} == {URGENT}


@pytest.mark.parametrize(("severity", "urgency"), [("S1", URGENT), ("S2", URGENT), ("S3", LASTING), ("S4", LASTING)])
def test_findings_and_incidents_go_by_their_severity(severity: str, urgency: Urgency) -> None:
    told = [Finding("F-1", severity=Severity(severity)), Incident("I-1", severity=Severity(severity))]
    assert {urgency_of(each) for each in told} == {urgency}


@pytest.mark.parametrize("waits", [None, TEN])
def test_stakeholders_are_told_before_the_authors_of_any_run(waits: datetime | None) -> None:
    told = step(
        "told", "notify.stakeholders", channels=["C01GENERAL"], people=["U01SAM"], authors={"U02BODO": "Bodo"}
    )
    state = replace(run((told, Pending(TEN, "sending"))), waiting_since=waits)
    found = [each for each in messages(KNOWN, state, see) if "/told/" in each.key]
    assert [each.channel for each in found] == ["C01GENERAL", "U01SAM", "U02BODO"]
    assert all(each.urgency < PROGRESS for each in found[:2])
    assert found[2].urgency is PROGRESS


def test_once_a_run_is_over_nobody_is_told_that_it_comes() -> None:
    told = step("told", "notify.stakeholders", channels=["C01GENERAL"], people=["U01SAM"])
    state = replace(run((told, Pending(TEN, "sending"))), status=Status.ABORTED)
    assert not [each for each in messages(KNOWN, state, see) if "/told/" in each.key]
