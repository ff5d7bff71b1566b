"""A finding: what a failed run raises, and how its message says it."""

from dataclasses import replace
from typing import Any

from commands.views.finding_card import finding_card, finding_text
from commands.views.messages import messages
from runbooks.catalogue import Catalogue
from runbooks.endings import release_of
from runbooks.incidents import findings, incident
from runbooks.incidents.findings import Finding, Raise
from runbooks.reactions import react
from runbooks.releases.state import Release
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import OPSBOT, Failed, Json, Severity
from tests.commands.cards import read, sound
from tests.commands.stages import CRASHED, KNOWN, RELEASE, Stages, stages
from tests.runs.stories import ALEX, TEN

FAILED = dict(stages())["failed"]


def raised(run: Run, catalogue: Catalogue = KNOWN, release: Release = RELEASE, *, last: object) -> Finding:
    """The finding that follows from the run's last event."""
    asked = dict(
        react(catalogue, last, run, lambda name: release if name == release_of(run) else incident.start(name))
    )
    stream = next(s for s in asked if s.startswith("finding/"))
    assert isinstance(asked[stream], Raise)
    found = findings.start(stream)
    for event in findings.decide(found, asked[stream], TEN):
        found = findings.evolve(found, event)
    return found


def crashed(*, on_failure: str = "rollback") -> tuple[Finding, Run]:
    raw = KNOWN.model_dump()
    raw["services"]["solvereign-api"]["environments"]["production"]["on_failure"] = on_failure
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, CRASHED))
    return raised(story.run, Catalogue.model_validate(raw), last=story.events[-1]), story.run


def text_of(finding: Finding, run: Run) -> list[str]:
    found = []
    for block in finding_card(finding, RELEASE, run):
        found += [block["text"]["text"]] if "text" in block else []
        found += [e["text"] for e in block.get("elements", []) if isinstance(e.get("text"), str)]
    return read("\n".join(found)).splitlines()


def buttons_of(finding: Finding, run: Run) -> list[str]:
    rows = [block for block in finding_card(finding, RELEASE, run) if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


def test_it_says_what_happened_what_it_means_and_what_to_do() -> None:
    finding, run = crashed()
    assert text_of(finding, run) == [
        "S2 · Deploy failed, rollback needed",
        "*solvereign-api production* · D-1 · v42 · asked by <@URILEY> at 10:00",
        "New pods crash: 2 of 2 in CrashLoopBackOff for 20 s. Old pods still serve (3 of 3 ready).",
        "web-669894df6b-sdkhg · exit 1 · “DATABASE_URL is not set”",
        "Migration 024_tenant_flags.sql is applied; it is not known whether v41 runs on it.",
        "The rollback to v41 has begun by itself: R-1.",
        "*Do:* Watch R-1. Create incident.",
    ]
    assert buttons_of(finding, run) == ["Acknowledge"]


def test_where_people_decide_the_way_back_is_its_first_button() -> None:
    finding, run = crashed(on_failure="ask")
    assert text_of(finding, run)[-1] == "Nothing goes back by itself: the button asks once, then v41 comes back."
    assert buttons_of(finding, run) == ["Roll back to v41", "Acknowledge"]


def test_without_a_last_known_good_no_button_is_promised() -> None:
    finding, run = crashed(on_failure="ask")
    without = Release("solvereign-api", "production")
    said = str(finding_card(finding, without, run))
    assert "and no last known good is recorded: deploy a version that you trust." in said
    assert "the button" not in said


def test_who_took_it_on_stands_on_it() -> None:
    finding, run = crashed()
    for event in findings.decide(finding, findings.Acknowledge(ALEX), TEN):
        finding = findings.evolve(finding, event)
    assert text_of(finding, run)[-1] == "☑️ Acknowledged by <@UALEX> at 10:00"
    assert buttons_of(finding, run) == []


def test_before_a_change_it_says_that_nothing_was_changed() -> None:
    story = Stages().deploying().done("tests")
    reason = "Migration 025_shift_notes.sql has no rollback script."
    story.begun("migrations-plan").does(
        c.Record("migrations-plan", 1, Failed(reason, finding="migration-without-rollback"))
    )
    finding = raised(story.run, last=story.events[-1])
    assert finding.what == (f"{reason} Nothing was changed.",)
    assert finding.severity == "S3"


def test_a_pod_that_left_no_line_is_named_all_the_same() -> None:
    story = Stages().deploying().changing()
    unready: Json = {"pod": "web-1", "exit_code": None, "last_lines": []}
    story.does(c.Record("rollout", 1, replace(CRASHED, evidence=unready)))
    assert raised(story.run, last=story.events[-1]).what[1] == "web-1"


def test_text_from_outside_calls_nobody_and_fits() -> None:
    hostile = "<!channel> <@U1> <https://evil.example|click> " * 60
    story = Stages().deploying().changing()
    evidence = {"pod": hostile, "exit_code": 1, "last_lines": [hostile]}
    story.does(c.Record("rollout", 1, Failed(hostile, evidence)))
    finding = raised(story.run, last=story.events[-1])
    seen: dict[str, Any] = {release_of(story.run): RELEASE, f"run/{story.run.id}": story.run}
    seen["incident/I-1"] = incident.start("incident/I-1")
    (message,) = messages(KNOWN, finding, seen.__getitem__)
    sound(message)
    assert message.channel == "C2"


def test_the_notification_is_one_line() -> None:
    finding, _ = crashed()
    assert finding_text(finding) == "S2 Deploy failed, rollback needed · solvereign-api production · D-1"


OUTDATED = findings.Raised(
    OPSBOT,
    TEN,
    name="lkg-outdated",
    severity=Severity.S4,
    title="LKG state outdated",
    action="Update after next successful deploy.",
    what=("Deployment web runs v43, recorded is v41.",),
    run="",
    service="solvereign-api",
    environment="production",
    offers_rollback=True,
)


def outdated(*more: findings.Event) -> tuple[Finding, Run]:
    found = findings.start("finding/L-12.lkg-outdated")
    for event in (OUTDATED, *more):
        found = findings.evolve(found, event)
    return found, Run(id="")


def test_a_finding_that_no_run_raised_has_a_number_of_its_own() -> None:
    finding, none = outdated()
    assert text_of(finding, none) == [
        "S4 · LKG state outdated",
        "*solvereign-api production* · L-12",
        "Deployment web runs v43, recorded is v41.",
        "*Do:* Update after next successful deploy.",
        "Nothing goes back by itself: the button asks once, then v41 comes back.",
    ]
    assert buttons_of(finding, none) == ["Roll back to v41", "Acknowledge", "Open incident"]
    assert finding_text(finding) == "S4 LKG state outdated · solvereign-api production · L-12"


def test_one_that_is_mended_says_how_and_asks_for_nothing_more() -> None:
    finding, none = outdated(findings.Mended(OPSBOT, TEN, "v41 runs again, as it is recorded."))
    assert text_of(finding, none)[2:] == [
        "Deployment web runs v43, recorded is v41.",
        "✅ v41 runs again, as it is recorded.  24 Nov 2026 10:00",
    ]
    assert buttons_of(finding, none) == []


def test_it_is_mended_once() -> None:
    finding, _ = outdated()
    [mended] = findings.decide(finding, findings.Mend("It is well."), TEN)
    assert findings.decide(findings.evolve(finding, mended), findings.Mend("It is well."), TEN) == []
    assert findings.decide(findings.start("finding/L-13.lkg-outdated"), findings.Mend("It is well."), TEN) == []
