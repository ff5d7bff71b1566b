"""The escalation table (Operations branch, router checklist): a finding's title, severity and action, as data."""

from dataclasses import dataclass

from runbooks.vocabulary import Severity


@dataclass(frozen=True)
class Escalation:
    """One row: what it is called, how bad it is, and what to do."""

    title: str
    severity: Severity
    action: str


_TABLE = {
    "deploy-failed": Escalation("Deploy failed, rollback needed", Severity.S2, "Execute rollback. Create incident."),
    "health-failing": Escalation("Health probes failing post-deploy", Severity.S2, "Rollback. Investigate."),
    "migration-without-rollback": Escalation("Missing rollback script", Severity.S3, "Create before deploying."),
    "lkg-outdated": Escalation("LKG state outdated", Severity.S4, "Update after next successful deploy."),
    "rollback-failed": Escalation(
        "Rollback failed", Severity.S1, "Restore by hand, now. The card says what stands where."
    ),
}


def escalation(finding: str) -> Escalation:
    """The row of a finding; one that the table lacks is S3 (the branch's default)."""
    title = finding.replace("-", " ").capitalize()
    return _TABLE.get(finding) or Escalation(title, Severity.S3, "Follow procedures carefully.")
