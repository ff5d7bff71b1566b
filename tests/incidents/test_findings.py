"""A finding decides and evolves: the end of its way back, and events of earlier versions."""

import json
from datetime import UTC, datetime

from runbooks.folds import rooms
from runbooks.incidents import findings
from runbooks.incidents.escalations import escalation
from runbooks.incidents.findings import EndWayBack, Finding, Raise
from runbooks.rollback_outcome import WayBack
from runbooks.vocabulary import Actor

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ABORTED = WayBack("R-1", "v41", "aborted", stands=False, by=Actor("T1/UALEX"), at=TEN)
OLD = {
    "by": "opsbot",
    "at": "2026-11-24T10:00:00Z",
    "name": "deploy-failed",
    "severity": "S2",
    "title": "Deploy failed, rollback needed",
    "action": "Execute rollback. Create incident.",
    "what": ["New pods crash."],
    "run": "D-1",
    "service": "api",
    "environment": "production",
    "rolls_back": "R-1",
    "kind": "raised",
}


def after(finding: Finding, command: findings.Command) -> Finding:
    for event in findings.decide(finding, command, TEN):
        finding = findings.evolve(finding, event)
    return finding


def raised() -> Finding:
    command = Raise("deploy-failed", ("New pods crash.",), "D-1", "api", "production", rolls_back="R-1")
    return after(findings.start("finding/D-1.deploy-failed"), command)


def test_the_end_of_its_way_back_is_kept_once() -> None:
    found = after(raised(), EndWayBack(ABORTED))
    assert (found.way_back, found.rolls_back) == (ABORTED, "R-1")
    assert findings.decide(found, EndWayBack(ABORTED), TEN) == []


def test_a_successor_is_the_run_that_answers_it_now() -> None:
    stopped = WayBack("R-1", "v41", "superseded", stands=False, by=None, at=TEN, successor="R-2")
    assert after(raised(), EndWayBack(stopped)).rolls_back == "R-2"


def test_what_was_never_raised_keeps_nothing() -> None:
    assert findings.decide(findings.start("finding/D-1.deploy-failed"), EndWayBack(ABORTED), TEN) == []


def test_an_event_of_an_earlier_version_is_read() -> None:
    event = rooms()["finding"].fold.event_type.validate_json(json.dumps(OLD))
    found = findings.evolve(findings.start("finding/D-1.deploy-failed"), event)
    assert (found.rolls_back, found.besides, found.way_back) == ("R-1", "", None)


def test_only_a_way_back_that_people_ended_is_given_up() -> None:
    ends = {status: WayBack("R-1", "v41", status, stands=False, by=None, at=TEN).given_up for status in _STATUSES}
    assert ends == {"aborted": True, "rejected": True, "expired": True, "failed": False, "superseded": False}
    assert not WayBack("R-1", "v41", "aborted", stands=True, by=None, at=TEN).given_up


_STATUSES = ("aborted", "rejected", "expired", "failed", "superseded")


def test_what_is_left_for_people_is_a_part_of_the_action() -> None:
    for name in ("deploy-failed", "health-failing"):
        assert escalation(name).action.endswith(escalation(name).besides)
        assert escalation(name).besides
