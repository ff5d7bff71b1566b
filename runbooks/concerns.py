"""Which incident a run's trouble belongs to, what the incident is told of it, and what it asks in turn. Pure.

The incident of a failed run has its number: D-107, I-107. What follows from that failure joins it. An emergency
rollback that people ask for joins the one of what it takes back, or else one that people opened for the place; where
there is none, it has one of its own.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from runbooks import slow
from runbooks.incidents.escalations import NO_ANSWER, NO_ANSWER_MIDWAY, escalation
from runbooks.incidents.findings import Acknowledge, Finding, Mend, Raise, Raised
from runbooks.incidents.follow_up import FollowUpTaken
from runbooks.incidents.handling import BeginWayBack, Concern, EndWayBack
from runbooks.incidents.incident import Incident, LeadTaken, LessonsWritten, Opened
from runbooks.releases.decide import NoteIncident
from runbooks.rollback_outcome import WayBack
from runbooks.runs import events as e
from runbooks.runs.commands import Answer
from runbooks.runs.state import Run, Status
from runbooks.steps.incident_lessons import asks_for_lessons
from runbooks.tenants.events import WentLive
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import OPSBOT, Actor, Severity

See = Callable[[str], Any]
GATE_FAILED = "tenant-gate-failed"
EMERGENCY = escalation("deploy-failed").severity
"""How severe it is that a rollback is needed at once: the table's first row."""
SILENT = timedelta(minutes=5)
"""So long nobody is called for what does not answer."""
_ADMITTED = frozenset({"concerned"})  # whoever may resolve an incident may tick its rollback's line with that


def incident_of(run: str) -> str:
    """The stream of the incident with this run's number."""
    return f"incident/I-{run.rpartition('-')[2]}"


def incident_with(run: Run) -> str:
    """The stream of the incident that a run belongs to, if there is one."""
    return f"incident/{run.incident}" if run.incident else incident_of(run.id)


def belongs_to(run: Run, finding: str, waiting: Iterable[Run], see: See) -> str:
    """The incident of a finding; "" where it has none. `waiting`: the runs that this one was to take back.

    A failed run's finding of S1 or S2 opens one, unless one is open for what the run was to mend.
    """
    near = [*waiting, run] if run.command == "rollback" else [run]
    known: list[Incident] = [see(incident_with(each)) for each in near]
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
        follow_up=row.follow_up,
    )


def record(run: Run) -> Concern:
    """The record of a run: its own checklist asks for it, or people began it in an emergency."""
    what = f"{'Planned rollback' if run.planned else run.command.capitalize()} to {run.version}"
    begun = f"{run.id}: {run.service} {run.environment} {'goes back' if run.command == 'rollback' else 'goes'}"
    stopped = [f"It stopped {' and '.join(run.supersedes)}."] if run.supersedes else []
    return Concern(
        severity=EMERGENCY if run.by_hand else (run.plan and run.plan.severity) or Severity.S3,
        service=run.service,
        environment=run.environment,
        title=f"Emergency r{what[1:]}" if run.by_hand else what,
        what=(f"{begun} to {run.version}. Its card says how far it is.", *stopped),
        requester=run.requester,
        run=run.id,
    )


def begun(run: Run) -> list[tuple[str, Any]]:
    """What an emergency rollback that a person asked for begins with: it joins an incident, or is one."""
    if not run.by_hand:
        return []
    joins = BeginWayBack(run.requester, run.id, run.version, EMERGENCY)
    return [(incident_with(run), joins if run.incident else record(run))]


def joined(incidents: Iterable[Incident]) -> str:
    """The last of them that goes on, which is where a rollback of what they are about belongs; "" where none does."""
    going = [each.id for each in incidents if each.goes_on]
    return going[-1] if going else ""


def rollback_of(incident: Incident) -> str:
    """The stream of the rollback that people began for it, or else of the one with its number."""
    return f"run/{incident.rollback}" if incident.rollback else rollback_like(incident.id)


def rollback_like(incident: str) -> str:
    """The stream of the rollback with the number of the incident of this name."""
    return f"run/R-{incident.rpartition('-')[2]}"


def seen_from(incident: Incident) -> list[str]:
    """The streams that an incident's events move: its rollback, and its findings."""
    if not incident.opened:
        return []
    return [rollback_of(incident), *(f"finding/{name}" for name in incident.findings)]


def asked_by(event: object, incident: Incident, see: See) -> list[tuple[str, Any]]:
    """One that people open is noted at its place; lessons tick their line; who leads it has taken its findings on."""
    match event:
        case Opened(by=by) if by != OPSBOT:
            return [(f"release/{incident.service}/{incident.environment}", NoteIncident(incident.id, by))]
        case LessonsWritten(by=by):
            return _ticked(incident, by, see)
        case FollowUpTaken(by=by) if incident.follow_up is not None:
            return _taken_on([incident.follow_up.finding], by, see)
        case LeadTaken(by=by):
            return _taken_on(incident.findings, by, see)
        case _:
            return []


def _taken_on(findings: Iterable[str], by: Actor, see: See) -> list[tuple[str, Any]]:
    """Those that nobody has taken on yet, and that still hold."""
    known: list[Finding] = [see(f"finding/{name}") for name in findings]
    free = [each for each in known if each.acknowledged_by is None and not each.mended]
    return [(f"finding/{each.id}", Acknowledge(by)) for each in free]


def follows(event: object, state: object) -> list[tuple[str, Any]]:
    """What kept a tenant out ends once it is live, a silence with the next outcome; one amid a change is told.

    An emergency rollback that a person asks for has an incident from its start on; of one that took too long is told.
    """
    return [*_followed(event, state), *slow.follows(event, state)]


def _followed(event: object, state: object) -> list[tuple[str, Any]]:
    match event, state:
        case e.Requested(), Run() as run:
            return begun(run)
        case ((e.Recorded() | e.Planned() | e.Verified() | e.Ended()), Run() as run) if _lasted(event, run):
            return [(f"finding/{run.id}.{NO_ANSWER}", Mend(f"{run.id} waits for it no more."))]
        case Raised(name=name, incident=incident) as raised, Finding() as finding if (
            incident and name == NO_ANSWER_MIDWAY
        ):
            place = (raised.service, raised.environment)
            told = Concern(raised.severity, *place, raised.title, raised.what, finding.id)
            return [(f"incident/{incident}", told)]
        case WentLive(run=name), Tenant(code=code, kept_out=runs):
            how = f"{code} went live with {name}: all 4 gates passed."
            return [(f"finding/{failed}.{GATE_FAILED}", Mend(how)) for failed in runs]
        case _:
            return []


def _lasted(event: e.Recorded | e.Planned | e.Verified | e.Ended, run: Run) -> bool:
    """Whether there may be a finding that something does not answer: only then is it looked for."""
    began = run.steps[event.step].first_began_at if isinstance(event, e.Recorded) else None
    since = began or run.requested_at
    return since is not None and event.at - since >= SILENT


def _ticked(incident: Incident, by: Actor, see: See) -> list[tuple[str, Any]]:
    run: Run = see(rollback_of(incident))
    lines = [step for step in run.open_items if asks_for_lessons(step)] if run.status is Status.RUNNING else []
    return [(f"run/{run.id}", Answer(by, line.id, "done", _ADMITTED, _ADMITTED)) for line in lines]


def kept_for(run: Run, see: See) -> list[Run]:
    """The run itself, where an incident is its record, or the one that it joined."""
    incident: Incident = see(incident_with(run))
    return [run] if run.id in (incident.run, incident.rollback) else []


def ended(waiting: Iterable[Run], way_back: WayBack, see: See) -> list[tuple[str, EndWayBack]]:
    """The end of a rollback, or of a later good deploy, as the incidents of those that waited for it are told it."""
    streams = dict.fromkeys(map(incident_with, waiting))
    return [(stream, EndWayBack(way_back)) for stream in streams if see(stream).opened]
