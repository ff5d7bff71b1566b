"""What goes first where Slack takes no more for now."""

import pytest

from commands.views.messages import messages
from commands.views.urgency import Urgency
from commands.views.urgency import urgency as urgency_of
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.vocabulary import Severity
from tests.commands.stages import KNOWN, sees, stages

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
