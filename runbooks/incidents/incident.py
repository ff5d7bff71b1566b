"""An incident: what went wrong, who works on it, what was done about it, what was learned. Pure.

Its timeline is its events; what Slack did for it (its channel, who was invited, the pinned card) is among them.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.events import Happened
from runbooks.incidents import follow_up as follow_ups
from runbooks.incidents.follow_up import FollowUp, FollowUpDone, FollowUpOpened, FollowUpTaken
from runbooks.incidents.in_slack import ChannelLost, Slack, SlackAnswered
from runbooks.rollback_outcome import WayBack
from runbooks.vocabulary import Actor, Severity


@dataclass(frozen=True)
class Lessons:
    """What was learned: kept with the incident, and told in its channel."""

    happened: str
    helped: str
    change: str  # what is to change
    owner: Actor  # who sees to it
    due: date


@dataclass(frozen=True)
class Entry:
    """One line of the timeline: `what` is the kind of the event that made it."""

    at: datetime
    by: Actor
    what: str
    text: str = ""
    way_back: WayBack | None = None


@dataclass(frozen=True)
class Incident:
    """The stream `incident/I-NUMBER`; the number is that of the run that failed, where one did."""

    id: str
    severity: Severity = Severity.S3
    called_at: Severity = Severity.S3  # the severity it was opened with: its card stays in that channel
    service: str = ""
    environment: str = ""
    title: str = ""
    what: tuple[str, ...] = ()  # lines: what happened, what it means
    findings: tuple[str, ...] = ()
    requester: Actor | None = None  # who asked for the run
    run: str = ""  # the run that it is the record of; "" where something went wrong
    rollback: str = ""  # the one that people began for it; "": the one with its number, if there is one
    opened_by: Actor | None = None
    opened_at: datetime | None = None
    lead: Actor | None = None  # the one who leads, since when
    lead_at: datetime | None = None
    workers: tuple[Actor, ...] = ()  # who said that they take it on, in that order
    entries: tuple[Entry, ...] = ()
    resolved: Entry | None = None
    lessons: Lessons | None = None
    follow_up: FollowUp | None = None
    channel: str = ""  # its own, by Slack's id; "": there is none (yet)
    channel_name: str = ""
    asked: tuple[Slack, ...] = ()  # what Slack did or refused
    refusals: dict[Slack, str] = field(default_factory=dict)  # Slack's own codes
    pinned: str = ""  # the card that Slack was last asked to pin, by Slack's own id of it
    lost: str = ""  # why its channel is one no more, in Slack's own code; its name is kept

    @property
    def opened(self) -> bool:
        """Whether there is such an incident."""
        return self.opened_at is not None

    @property
    def goes_on(self) -> bool:
        """Whether it is open."""
        return self.opened and self.resolved is None

    @property
    def asks_for_lessons(self) -> bool:
        """Whether it may be resolved only with lessons: it was bad, or its run's checklist ends with them."""
        return self.severity <= Severity.S2 or bool(self.run)

    @property
    def to_find_out(self) -> FollowUp | None:
        """Its follow-up, while that is open."""
        return self.follow_up if self.follow_up is not None and self.follow_up.open else None


@dataclass(frozen=True)
class Opened(Happened):
    """Something is so wrong that people work on it together."""

    severity: Severity
    service: str
    environment: str
    title: str
    what: tuple[str, ...]
    finding: str = ""
    requester: Actor | None = None
    run: str = ""
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True)
class Joined(Happened):
    """Another finding of the same trouble; it opens an incident again that was resolved."""

    finding: str
    severity: Severity
    title: str
    what: tuple[str, ...]
    kind: Literal["joined"] = "joined"


@dataclass(frozen=True)
class TakenOn(Happened):
    """A person works on it."""

    kind: Literal["taken-on"] = "taken-on"


@dataclass(frozen=True)
class LeadTaken(Happened):
    """A person leads from now on, and whoever did before does not."""

    kind: Literal["lead-taken"] = "lead-taken"


@dataclass(frozen=True)
class WayBackBegan(Happened):
    """A person began an emergency rollback that is to mend it, which makes it at least so severe."""

    run: str
    version: str
    severity: Severity
    kind: Literal["way-back-began"] = "way-back-began"


@dataclass(frozen=True)
class WayBackEnded(Happened):
    """A rollback that was to mend it is over, or a later deploy went well."""

    way_back: WayBack
    kind: Literal["way-back-ended"] = "way-back-ended"


@dataclass(frozen=True)
class Updated(Happened):
    """A person says how it stands."""

    text: str
    kind: Literal["updated"] = "updated"


@dataclass(frozen=True)
class Resolved(Happened):
    """A person says that it is over."""

    text: str
    kind: Literal["resolved"] = "resolved"


@dataclass(frozen=True)
class LessonsWritten(Happened):
    """What was learned."""

    lessons: Lessons
    kind: Literal["lessons-written"] = "lessons-written"


Event = Annotated[
    Opened
    | Joined
    | TakenOn
    | LeadTaken
    | WayBackBegan
    | WayBackEnded
    | Updated
    | Resolved
    | LessonsWritten
    | FollowUpOpened
    | FollowUpTaken
    | FollowUpDone
    | SlackAnswered
    | ChannelLost,
    Field(discriminator="kind"),
]


_AtWork = TakenOn | LeadTaken | WayBackBegan


def start(stream: str) -> Incident:
    """The incident before its first event."""
    return Incident(id=stream.partition("/")[2])


def outstanding(incident: Incident) -> bool:
    """Whether it is open, or something is still to be found out."""
    return incident.goes_on or incident.to_find_out is not None


def evolve(incident: Incident, event: Event) -> Incident:
    """The incident after the event."""
    match event:
        case SlackAnswered() | ChannelLost():
            return _in_slack(incident, event)
        case Opened():
            return _opened(incident, event)
        case Joined():
            worst, findings = min(incident.severity, event.severity), (*incident.findings, event.finding)
            found = _noted(incident, event, event.title)
            return replace(found, severity=worst, findings=findings, resolved=None)
        case TakenOn() | LeadTaken() | WayBackBegan():
            return _at_work(incident, event)
        case WayBackEnded(by, at, way_back):
            entry = Entry(at, by, event.kind, way_back=way_back)
            return replace(incident, entries=(*incident.entries, entry))
        case Updated(text=text):
            return _noted(incident, event, text)
        case Resolved(text=text):
            noted = _noted(incident, event, text)
            return replace(noted, resolved=noted.entries[-1])
        case LessonsWritten(lessons=lessons):
            return replace(_noted(incident, event), lessons=lessons)
        case FollowUpOpened() | FollowUpTaken() | FollowUpDone():
            return _followed_up(incident, event)


def _at_work(incident: Incident, event: _AtWork) -> Incident:
    """Whoever leads it, or begins its way back, works on it too."""
    found = replace(incident, workers=tuple(dict.fromkeys([*incident.workers, event.by])))
    match event:
        case LeadTaken(by, at):
            return replace(_noted(found, event), lead=by, lead_at=at)
        case WayBackBegan(run=run, version=version, severity=severity):
            noted = _noted(found, event, f"{run} goes back to {version}")
            return replace(noted, severity=min(incident.severity, severity), rollback=run)
        case TakenOn():
            return _noted(found, event)


def _followed_up(incident: Incident, event: FollowUpOpened | FollowUpTaken | FollowUpDone) -> Incident:
    """Whoever finds out works on the incident."""
    noted = _noted(incident, event, "" if isinstance(event, FollowUpTaken) else event.text)
    at_work = () if isinstance(event, FollowUpOpened) else (event.by,)
    workers = tuple(dict.fromkeys([*incident.workers, *at_work]))
    return replace(noted, workers=workers, follow_up=follow_ups.evolve(incident.follow_up, event))


_Noted = Opened | Joined | _AtWork | Updated | Resolved | LessonsWritten | follow_ups.OfFollowUp


def _noted(incident: Incident, event: _Noted, text: str = "") -> Incident:
    entry = Entry(event.at, event.by, event.kind, text)
    return replace(incident, entries=(*incident.entries, entry))


def _opened(incident: Incident, event: Opened) -> Incident:
    return replace(
        _noted(incident, event, event.title),
        severity=event.severity,
        called_at=event.severity,
        service=event.service,
        environment=event.environment,
        title=event.title,
        what=event.what,
        findings=(event.finding,) if event.finding else (),
        requester=event.requester,
        run=event.run,
        workers=(event.requester,) if event.run and event.requester else (),
        opened_by=event.by,
        opened_at=event.at,
    )


def _in_slack(incident: Incident, event: SlackAnswered | ChannelLost) -> Incident:
    if isinstance(event, ChannelLost):
        return replace(incident, channel="", lost=event.why)
    others = {asked: why for asked, why in incident.refusals.items() if asked is not event.asked}
    return replace(
        incident,
        asked=tuple(dict.fromkeys([*incident.asked, event.asked])),
        pinned=event.ts or incident.pinned,
        channel=event.channel or incident.channel,
        channel_name=event.name or incident.channel_name,
        refusals={**others, **({event.asked: event.refused} if event.refused else {})},
    )
