"""The findings as people and machines read them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from bot.doctor.finding import Finding, Verdict
from runbooks.redaction import Redactor

_WIDTH = len("missing")


def as_text(findings: Sequence[Finding], redactor: Redactor) -> str:
    """One line for each check, and one that sums up."""
    lines = [_line(_redacted(each, redactor)) for each in findings]
    faults = sum(not each.holds for each in findings)
    unseen = sum(each.verdict is Verdict.UNSEEN for each in findings)
    count = f"{len(findings) - unseen} checks"
    rest = [f"{unseen} more could not be made."] if unseen else []
    end = f"{faults} of {count} {'does' if faults == 1 else 'do'} not hold." if faults else f"All {count} hold."
    return "\n".join([*lines, *rest, end])


def as_json(findings: Sequence[Finding], redactor: Redactor) -> str:
    """An object: whether all hold, and every finding."""
    checks = [asdict(_redacted(each, redactor)) for each in findings]
    return json.dumps({"holds": all(each.holds for each in findings), "checks": checks}, indent=2, ensure_ascii=False)


def _redacted(finding: Finding, redactor: Redactor) -> Finding:
    """Each text in one line and without secrets; by itself, since `token: ...` before a text looks like one."""
    check, says, mend = (
        redactor.text(" ".join(text.split("\n"))) for text in (finding.check, finding.says, finding.mend)
    )
    return replace(finding, check=check, says=says, mend=mend)


def _line(finding: Finding) -> str:
    what = "Look" if finding.verdict is Verdict.UNSEEN else "Mend"
    mend = f" {what}: {_sentence(finding.mend)}" if finding.mend else ""
    return f"{finding.verdict:{_WIDTH}}  {finding.part} · {finding.check}: {_sentence(finding.says)}{mend}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", ";", "?")) else f"{text}."
