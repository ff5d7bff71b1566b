"""What can be asked of an incident: opened once, resolved once, with lessons where they are due. Pure."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.incidents import follow_up
from runbooks.incidents.follow_up import EndFollowUp, FollowUp, FollowUpOpened, TakeFollowUp
from runbooks.incidents.in_slack import ChannelLost, Slack, SlackAnswered
from runbooks.incidents.incident import (
    Event,
    Incident,
    Joined,
    LeadTaken,
    Lessons,
    LessonsWritten,
    Opened,
    Resolved,
    TakenOn,
    Updated,
    WayBackBegan,
    WayBackEnded,
)
from runbooks.rollback_outcome import WayBack
from runbooks.vocabulary import OPSBOT, Actor, Refused, Severity


@dataclass(frozen=True)
class Concern:
    """Open it, or let a finding join it where it is open; a person who declares one works on it.

    `run`: the one that it is the record of. `follow_up`: what somebody has to find out.
    """

    severity: Severity
    service: str
    environment: str
    title: str
    what: tuple[str, ...]
    finding: str = ""
    requester: Actor | None = None
    run: str = ""
    follow_up: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class TakeOn:
    """Work on it."""

    by: Actor


@dataclass(frozen=True)
class TakeLead:
    """Lead. `instead_of` is who did when the person asked: nobody takes over without knowing from whom."""

    by: Actor
    instead_of: Actor | None = None


@dataclass(frozen=True)
class BeginWayBack:
    """Keep that a person began an emergency rollback which is to mend it."""

    by: Actor
    run: str
    version: str
    severity: Severity


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
    ts: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class LoseChannel:
    """Keep that nothing can be told in this channel any more; `why` is Slack's own code."""

    channel: str
    why: str
    by: Actor = OPSBOT


FromSlack = SlackDid | LoseChannel

OfPeople = TakeLead | Update | Resolve | TakeFollowUp | EndFollowUp
Command = Concern | TakeOn | BeginWayBack | EndWayBack | OfPeople | FromSlack


def decide(incident: Incident, command: Command, now: datetime) -> list[Event]:
    """What happens; people are refused what can't be, the bot's own news is kept once."""
    match command:
        case Concern():
            return _concern(incident, command, now)
        case TakeOn(by):
            return _taking_on(incident, by, now) if incident.opened else []
        case BeginWayBack() | EndWayBack():
            return _way_back(incident, command, now) if incident.opened else []
        case SlackDid(asked, refused, channel, name, ts, by):
            due = incident.opened and (asked not in incident.asked or ts not in ("", incident.pinned))
            return [SlackAnswered(by, now, asked, refused, channel, name, ts)] if due else []
        case LoseChannel(channel, why, by):
            return [ChannelLost(by, now, why)] if channel and channel == incident.channel else []
        case TakeFollowUp() | EndFollowUp():
            return [*follow_up.decide(to_find_out(incident), command, now)]
        case TakeLead(by, instead_of):
            return _leading(incident, by, instead_of, now)
        case Update(by, text):
            refuse_over(incident)
            return [*_taking_on(incident, by, now), Updated(by, now, text)]
        case Resolve(by, text, lessons):
            refuse_over(incident)
            return _resolve(incident, (by, text, lessons), now)


def _way_back(incident: Incident, command: BeginWayBack | EndWayBack, now: datetime) -> list[Event]:
    if isinstance(command, BeginWayBack):
        return [WayBackBegan(command.by, now, command.run, command.version, command.severity)]
    told = (entry.way_back for entry in incident.entries if entry.way_back)
    known = any(not command.way_back.tells_more_than(before) for before in told)
    ended = [WayBackEnded(command.by, now, command.way_back), *_over_with_it(incident, command.way_back, now)]
    return [] if known else ended


def _taking_on(incident: Incident, by: Actor, now: datetime) -> list[Event]:
    return [] if by in incident.workers else [TakenOn(by, now)]


def _leading(incident: Incident, by: Actor, instead_of: Actor | None, now: datetime) -> list[Event]:
    refuse_over(incident)
    if incident.lead == by:
        raise Refused("lead-yours", incident=incident.id, at=incident.lead_at)
    if incident.lead not in (None, instead_of):
        raise Refused("lead-taken", incident=incident.id, by=incident.lead, at=incident.lead_at)
    return [LeadTaken(by, now)]


def _concern(incident: Incident, command: Concern, now: datetime) -> list[Event]:
    opened_now = FollowUpOpened(command.by, now, command.follow_up, command.finding)
    follows = [opened_now] if command.follow_up and not incident.to_find_out else []
    if incident.opened:
        known = command.finding in ("", *incident.findings)
        new = Joined(command.by, now, command.finding, command.severity, command.title, command.what)
        return [] if known else [new, *follows]
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
        run=command.run,
    )
    declared = command.by != OPSBOT and not command.finding and not command.run
    return [opened, *follows, *(_taking_on(incident, command.by, now) if declared else [])]


def _over_with_it(incident: Incident, way_back: WayBack, now: datetime) -> list[Event]:
    """The record of a run that changed nothing is over with its run: nobody has to tell what came of it."""
    nothing = not (way_back.changed or way_back.stands or way_back.successor)
    if way_back.run != incident.run or not nothing or incident.findings or incident.resolved is not None:
        return []
    return [Resolved(OPSBOT, now, f"{way_back.run} changed nothing.")]


def to_find_out(incident: Incident) -> FollowUp:
    """Its follow-up, which is open; the incident itself may be over. Raises Refused."""
    if not incident.opened:
        raise Refused("no-such-incident", incident=incident.id)
    if (found := incident.follow_up) is None:
        raise Refused("no-follow-up", incident=incident.id)
    if not found.open:
        raise Refused("follow-up-done", incident=incident.id, by=found.found_by, at=found.found_at)
    return found


def refuse_over(incident: Incident) -> None:
    """There is such an incident, and it goes on. Raises Refused."""
    if not incident.opened:
        raise Refused("no-such-incident", incident=incident.id)
    if (resolved := incident.resolved) is not None:
        raise Refused("resolved-already", incident=incident.id, by=resolved.by, at=resolved.at)


def _resolve(incident: Incident, said: tuple[Actor, str, Lessons | None], now: datetime) -> list[Event]:
    by, text, lessons = said
    if lessons is None and incident.asks_for_lessons:
        raise Refused("lessons-missing", incident=incident.id)
    return [Resolved(by, now, text), *([LessonsWritten(by, now, lessons)] if lessons else [])]
