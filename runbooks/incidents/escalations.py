"""The escalation table (Operations branch, router checklist): a finding's title, severity and action, as data."""

from dataclasses import dataclass

from runbooks.vocabulary import Severity

CREATE_INCIDENT, INVESTIGATE = "Create incident.", "Investigate."
"""The parts of an action that are done by an incident: by being there, and by its follow-up."""
NO_ANSWER, NO_ANSWER_MIDWAY = "no-answer", "no-answer-midway"
"""The rows of what does not answer: before anything was changed, and where that keeps a change or the way back up."""


@dataclass(frozen=True)
class Escalation:
    """One row: what it is called, how bad it is, and what to do.

    `besides` is what is left of that for people where the rollback goes by itself, `follow_up` what one of them has
    to find out, whatever else comes.
    """

    title: str
    severity: Severity
    action: str
    besides: str = ""
    follow_up: str = ""


_TABLE = {
    "deploy-failed": Escalation(
        "Deploy failed, rollback needed", Severity.S2, "Execute rollback. Create incident.", CREATE_INCIDENT
    ),
    "health-failing": Escalation(
        "Health probes failing post-deploy",
        Severity.S2,
        "Rollback. Investigate.",
        INVESTIGATE,
        follow_up="Investigate why the health probes failed",
    ),
    "migration-without-rollback": Escalation("Missing rollback script", Severity.S3, "Create before deploying."),
    "way-back-not-proven": Escalation("Way back not proven", Severity.S3, "Mend the script before deploying."),
    "tenant-gate-failed": Escalation(
        "Tenant onboarding gate failed", Severity.S3, "Block go-live. Fix issues first."
    ),
    "lkg-outdated": Escalation("LKG state outdated", Severity.S4, "Update after next successful deploy."),
    "rollback-failed": Escalation(
        "Rollback failed", Severity.S1, "Restore by hand, now. The card says what stands where."
    ),
    "rollback-slow": Escalation("Rollback slower than five minutes", Severity.S3, "Find out what took so long."),
    "drill-failed": Escalation(
        "Drill failed, rollback needed", Severity.S2, "Execute rollback. Create incident.", CREATE_INCIDENT
    ),
    "drill-aborted": Escalation(
        "Drill aborted after its change began", Severity.S2, "Execute rollback. Create incident.", CREATE_INCIDENT
    ),
    "drill-overdue": Escalation("Drill overdue", Severity.S3, "Begin one."),
    "drill-slow": Escalation("Drill slower than five minutes", Severity.S3, "Find out what takes the time."),
    "deploy-aborted": Escalation(
        "Deploy aborted after its change began",
        Severity.S2,
        "Execute rollback, or deploy again. Create incident.",
        CREATE_INCIDENT,
    ),
    "rollback-aborted": Escalation(
        "Rollback aborted", Severity.S2, "Execute rollback. Create incident.", CREATE_INCIDENT
    ),
    "rollback-not-approved": Escalation(
        "Rollback not approved", Severity.S2, "Execute rollback. Create incident.", CREATE_INCIDENT
    ),
    NO_ANSWER: Escalation("No answer", Severity.S3, "Find out why it does not answer."),
    NO_ANSWER_MIDWAY: Escalation(
        "No answer amid a change or a rollback", Severity.S2, "Find out why it does not answer, now. Create incident."
    ),
}
"""The branch's rows, and below them what its rollbacks, people's aborts and silence can come to.

A deploy aborted after its change began leaves the same as one that failed, so it has that row's severity; in every
environment, since the table makes no difference, and a finding goes to the channels of its own environment.
"""


FINDINGS = frozenset(_TABLE)
"""The names that have a row."""


def escalation(finding: str) -> Escalation:
    """The row of a finding; one that the table lacks is S3 (the branch's default)."""
    title = finding.replace("-", " ").capitalize()
    return _TABLE.get(finding) or Escalation(title, Severity.S3, "Follow procedures carefully.")
