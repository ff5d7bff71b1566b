"""The runbooks that ship: every line of the operations checklist, in its order and words."""

import pytest

from bot.library import read_document, shipped
from runbooks.documents.runbook import Item, Runbook
from runbooks.vocabulary import Then
from tests.documents.reading import KNOWN

CHECKLIST = {
    "Pre-Deploy": (
        "All tests pass (python -m pytest backend_py/)",
        "Migrations tested on staging",
        "Health probes verified",
        "Rollback plan documented",
        "Stakeholders notified",
    ),
    "Deploy": (
        "Apply migrations in order",
        "Deploy new pods",
        "Verify health probes pass",
        "Run smoke tests",
    ),
    "Post-Deploy": (
        "Update last-known-good.json",
        "Verify KPI baselines",
        "Monitor for 30min",
        "Announce completion",
    ),
}
QUICK_REFERENCE = (
    "Revert to previous deployment",
    "Verify health",
    "If DB migration was applied, check rollback script",
)
SCHEMA_FIRST = "If the release to go back to does not run on the new schema, take the migrations back first"
PLANNED = (
    "Read rollback-procedures.md fully",
    "Notify stakeholders",
    "Create incident record",
    "Execute rollback",
    "Verify health",
    "Document lessons learned",
)


def the(name: str) -> Runbook:
    return read_document(shipped() / f"{name}.md", known=KNOWN)


def steps(items: tuple[Item, ...]) -> dict[str, str]:
    return {item.title: item.uses for item in items if item.step}


def then(items: tuple[Item, ...]) -> dict[str, tuple[str | None, Then]]:
    return {item.id: (item.step.on_failure.finding, item.step.on_failure.then) for item in items if item.step}


@pytest.mark.parametrize(("phase", "lines"), CHECKLIST.items())
def test_the_deployment_checklist_has_every_line_in_order(phase: str, lines: tuple[str, ...]) -> None:
    (found,) = [each for each in the("deployment-checklist").phases if each.title == phase]

    assert tuple(item.title for item in found.items if item.title in lines) == lines


def test_the_deployment_checklist_adds_what_is_known_of_the_migrations_and_the_approval_alone() -> None:
    listed = {line for lines in CHECKLIST.values() for line in lines}

    added = [item.uses for item in the("deployment-checklist").items if item.title not in listed]

    assert added == ["migrations.plan", "migrations.rehearse", "migrations.old-release", "approve"]


def test_nothing_changes_before_the_approval() -> None:
    first, second, _ = (phase for phase in the("deployment-checklist").phases if phase.items)

    assert first.items[-1].uses == "approve"
    assert not {"migrations.apply", "kubernetes.rollout", "lkg.update"} & {item.uses for item in first.items}
    assert second.items[0].uses == "migrations.apply"


def test_what_each_line_of_the_deployment_does() -> None:
    runbook = the("deployment-checklist")

    assert steps(runbook.items) == {
        "All tests pass (python -m pytest backend_py/)": "tests",
        "Migrations planned": "migrations.plan",
        "Migrations tested on staging": "migrations.proven",
        "Ways back of the migrations rehearsed": "migrations.rehearse",
        "Last known good tried on the new schema": "migrations.old-release",
        "Health probes verified": "probes.check",
        "Rollback plan documented": "way-back.write",
        "Stakeholders notified": "notify.stakeholders",
        "Plan approved": "approve",
        "Apply migrations in order": "migrations.apply",
        "Deploy new pods": "kubernetes.rollout",
        "Verify health probes pass": "http.health",
        "Run smoke tests": "smoke",
        "Update last-known-good.json": "lkg.update",
        "Verify KPI baselines": "kpi.baseline",
        "Monitor for 30min": "watch",
        "Announce completion": "announce",
    }
    assert runbook.command == "deploy"
    assert runbook.severity == "S3"


def test_what_failures_of_a_deployment_mean() -> None:
    assert then(the("deployment-checklist").items) == {
        "tests": (None, Then.STOP),
        "migrations-plan": ("migration-without-rollback", Then.STOP),
        "migrations-proven": (None, Then.STOP),
        "rehearsal": ("way-back-not-proven", Then.STOP),
        "old-release": (None, Then.GO_ON),
        "health-before": ("unhealthy-before-deploy", Then.STOP),
        "way-back": (None, Then.STOP),
        "stakeholders": (None, Then.STOP),
        "approval": (None, Then.STOP),
        "migrations": ("deploy-failed", Then.ROLLBACK),
        "rollout": ("deploy-failed", Then.ROLLBACK),
        "health": ("health-failing", Then.ROLLBACK),
        "smoke": ("deploy-failed", Then.ROLLBACK),
        "last-known-good": ("lkg-outdated", Then.STOP),
        "kpi-baseline": ("deploy-failed", Then.ROLLBACK),
        "watch": ("health-failing", Then.ROLLBACK),
        "announce": (None, Then.GO_ON),
    }


def test_an_emergency_rollback_waits_for_nobody_before_the_pods_are_back() -> None:
    items = the("rollback-procedures").runs.items

    assert [item.uses for item in items] == [
        *("take-over", "migrations.rollback", "kubernetes.restore", "http.health", "migrations.rollback"),
        *("announce", "incident.lessons"),
    ]
    assert tuple(item.title for item in items if item.title in QUICK_REFERENCE) == QUICK_REFERENCE


def test_a_planned_rollback_has_its_six_lines() -> None:
    runbook = the("rollback-procedures").mode("planned")

    assert (runbook.severity, the("rollback-procedures").runs.severity) == ("S3", "S2")
    assert tuple(item.title for item in runbook.items if item.title != SCHEMA_FIRST) == PLANNED
    assert steps(runbook.items) == {
        SCHEMA_FIRST: "migrations.rollback",
        "Read rollback-procedures.md fully": "procedure.show",
        "Notify stakeholders": "notify.stakeholders",
        "Create incident record": "incident.record",
        "Execute rollback": "kubernetes.restore",
        "Verify health": "http.health",
        "Document lessons learned": "incident.lessons",
    }


def test_the_lines_of_a_planned_rollback_can_be_ticked_in_their_turn_alone() -> None:
    phases = [phase for phase in the("rollback-procedures").mode("planned").phases if phase.items]

    assert [[item.title for item in phase.items] for phase in phases] == [
        list(PLANNED[:3]),
        [SCHEMA_FIRST, *PLANNED[3:5]],
        list(PLANNED[5:]),
    ]


def test_a_rollback_never_rolls_back() -> None:
    assert Then.ROLLBACK not in {each for _, each in then(the("rollback-procedures").items).values()}
