"""Which incident a run's trouble belongs to, and what the incident is told of it. Pure.

The incident of a failed run has its number: D-107, I-107. What follows from that failure joins it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from runbooks.incidents.escalations import escalation
from runbooks.incidents.findings import Raise
from runbooks.incidents.handling import Concern, EndWayBack
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Severity
from runbooks.way_back import WayBack

See = Callable[[str], Any]


def incident_of(run: str) -> str:
    """The stream of the incident with this run's number."""
    return f"incident/I-{run.rpartition('-')[2]}"


def belongs_to(run: Run, finding: str, waiting: Iterable[Run], see: See) -> str:
    """The incident of a finding; "" where it has none. `waiting`: the runs that this one was to take back.

    A failed run's finding of S1 or S2 opens one, unless one is open for what the run was to mend.
    """
    near = [*waiting, run] if run.command == "rollback" else [run]
    known: list[Incident] = [see(incident_of(each.id)) for each in near]
    standing = [each for each in known if each.opened]
    for each in [each for each in standing if each.resolved is None] or standing[-1:]:
        return each.id
    opens = run.status is Status.FAILED and escalation(finding).severity <= Severity.S2
    return incident_of(run.id).partition("/")[2] if opens else ""


def concern(run: Run, finding: str, raised: Raise) -> Concern:
    """What the incident is told of a finding."""
    row = escalation(raised.name)
    return Concern(
        severity=row.severity,
        service=run.service,
        environment=run.environment,
        title=row.title,
        what=raised.what,
        finding=finding.partition("/")[2],
        requester=run.requester,
    )


def ended(waiting: Iterable[Run], way_back: WayBack, see: See) -> list[tuple[str, EndWayBack]]:
    """The end of a rollback, or of a later good deploy, as the incidents of those that waited for it are told it."""
    streams = dict.fromkeys(incident_of(each.id) for each in waiting)
    return [(stream, EndWayBack(way_back)) for stream in streams if see(stream).opened]
