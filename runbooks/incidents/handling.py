"""What can be asked of an incident: opened once, resolved once, with lessons where they are due. Pure."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.incidents.incident import (
    Event,
    Incident,
    Joined,
    Lessons,
    LessonsWritten,
    Opened,
    Resolved,
    Slack,
    SlackAnswered,
    TakenOn,
    Updated,
    WayBackEnded,
)
from runbooks.vocabulary import OPSBOT, Actor, Refused, Severity
from runbooks.way_back import WayBack


@dataclass(frozen=True)
class Concern:
    """Open it, or let a finding join it where it is open."""

    severity: Severity
    service: str
    environment: str
    title: str
    what: tuple[str, ...]
    finding: str = ""
    requester: Actor | None = None
    by: Actor = OPSBOT


@dataclass(frozen=True)
class TakeOn:
    """Work on it."""

    by: Actor


@dataclass(frozen=True)
class EndWayBack:
    """Keep how a rollback that was to mend it ended."""

    way_back: WayBack
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Update:
    """Say how it stands."""

    by: Actor
    text: str


@dataclass(frozen=True)
class Resolve:
    """Say that it is over, and what was learned."""

    by: Actor
    text: str
    lessons: Lessons | None = None


@dataclass(frozen=True)
class SlackDid:
    """Keep what Slack did or refused."""

    asked: Slack
    refused: str = ""
    channel: str = ""
    name: str = ""
    by: Actor = OPSBOT


Command = Concern | TakeOn | EndWayBack | Update | Resolve | SlackDid


def decide(incident: Incident, command: Command, now: datetime) -> list[Event]:
    """What happens; people are refused what can't be, the bot's own news is kept once."""
    match command:
        case Concern():
            return _concern(incident, command, now)
        case TakeOn(by):
            return _taking_on(incident, by, now) if incident.opened else []
        case EndWayBack(way_back, by):
            known = any(entry.way_back == way_back for entry in incident.entries)
            return [WayBackEnded(by, now, way_back)] if incident.opened and not known else []
        case SlackDid(asked, refused, channel, name, by):
            due = incident.opened and asked not in incident.asked
            return [SlackAnswered(by, now, asked, refused, channel, name)] if due else []
        case Update(by, text):
            refuse_over(incident)
            return [*_taking_on(incident, by, now), Updated(by, now, text)]
        case Resolve(by, text, lessons):
            refuse_over(incident)
            return _resolve(incident, (by, text, lessons), now)


def _taking_on(incident: Incident, by: Actor, now: datetime) -> list[Event]:
    return [] if by in incident.workers else [TakenOn(by, now)]


def _concern(incident: Incident, command: Concern, now: datetime) -> list[Event]:
    if incident.opened:
        known = command.finding in ("", *incident.findings)
        new = Joined(command.by, now, command.finding, command.severity, command.title, command.what)
        return [] if known else [new]
    opened = Opened(
        command.by,
        now,
        severity=command.severity,
        service=command.service,
        environment=command.environment,
        title=command.title,
        what=command.what,
        finding=command.finding,
        requester=command.requester,
    )
    return [opened]


def refuse_over(incident: Incident) -> None:
    """There is such an incident, and it goes on. Raises Refused."""
    if not incident.opened:
        raise Refused("no-such-incident", incident=incident.id)
    if (resolved := incident.resolved) is not None:
        raise Refused("resolved-already", incident=incident.id, by=resolved.by, at=resolved.at)


def _resolve(incident: Incident, said: tuple[Actor, str, Lessons | None], now: datetime) -> list[Event]:
    by, text, lessons = said
    if lessons is None and incident.asks_for_lessons:
        raise Refused("lessons-missing", incident=incident.id, severity=incident.severity)
    return [Resolved(by, now, text), *([LessonsWritten(by, now, lessons)] if lessons else [])]
