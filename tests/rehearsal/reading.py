"""The corpus: pairs of migrations as files, each with the verdict that is right about it.

A file's first lines say what is expected (`-- ruling: differs`, `-- finds: ...`, `-- fails: ...`, `-- loses: ...`,
`-- untried: ...`, `-- notes: ...`; `-- says: ...` is one of the sentences for people, and `-- naive: ...` what a
comparison of pg_dump's text would say). Then come its scripts, each after a line `-- file: NAME`, from which its
lines are counted.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from runbooks.rehearsal.course import File, Pair
from runbooks.rehearsal.verdict import Failure, Finding, Judged, MeasuredLoss, Verdict
from runbooks.steps.migrations.files import chain
from runbooks.steps.migrations.sql import analyse

CORPUS = Path(__file__).parent / "corpus"
BASE = CORPUS / "base.sql"
ROLES = CORPUS / "roles.sql"
FILE = "-- file: "


@dataclass(frozen=True)
class Case:
    """One file of the corpus."""

    name: str
    scripts: dict[str, str]
    expected: dict[str, list[str]]

    @property
    def pairs(self) -> list[Pair]:
        """Its migrations, in order."""
        return [
            Pair(_file(each.name, each.text), _file(each.rollback, each.rollback_text) if each.rollback else None)
            for each in chain(self.scripts)
        ]


def _file(name: str, text: str) -> File:
    return File(name, text, analyse(name, text).statements)


def cases() -> list[Case]:
    """All of them, by name."""
    return [read(path) for path in sorted(CORPUS.glob("*/*.sql"))]


def read(path: Path) -> Case:
    """One file."""
    head, *parts = path.read_text().split(FILE)
    expected: dict[str, list[str]] = defaultdict(list)
    for line in head.splitlines():
        key, colon, value = line.removeprefix("-- ").partition(": ")
        if line.startswith("-- ") and colon:
            expected[key].append(value)
    scripts = {name: text for part in parts for name, _, text in [part.partition("\n")]}
    return Case(f"{path.parent.name}/{path.stem}", scripts, dict(expected))


def told(verdict: Verdict) -> dict[str, list[str]]:
    """A verdict in the words of the corpus."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in verdict.migrations:
        found["ruling"].append(each.ruling)
        found["finds"] += [_finding(finding, each) for finding in each.findings]
        found["fails"] += [_failure(failure) for failure in each.failures]
        found["loses"] += [_loss(loss) for loss in each.losses]
        found["untried"] += [untried.sentence for untried in each.untried]
        found["notes"] += each.notes
    return {key: values for key, values in found.items() if values}


def _finding(finding: Finding, judged: Judged) -> str:
    on = f" on {finding.on}" if finding.on else ""
    facts = f" ({', '.join(finding.facts)})" if finding.facts else ""
    by = "" if finding.script == (judged.back or "024_rollback.sql") else f" -> {finding.script}"
    return f"{finding.mark} {finding.kind} {finding.name}{on}{facts}, {finding.fault} by {finding.cause}{by}"


def _failure(failure: Failure) -> str:
    rows = ", with rows" if failure.with_rows else ""
    stands = f" [{'; '.join(failure.stands)}]" if failure.stands else ""
    return f"{failure.script}:{failure.line} ({failure.turn}{rows}) {failure.error.partition('. ')[0]}{stands}"


def _loss(loss: MeasuredLoss) -> str:
    what = [*(["rows"] if loss.gone else []), *loss.columns]
    return f"{', '.join(what)} of {loss.table}{' since' if loss.since else ''}"
