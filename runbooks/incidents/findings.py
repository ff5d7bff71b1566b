"""A finding: raised once, with its severity and action; acknowledged by a person, or mended by itself. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.events import Happened
from runbooks.incidents.escalations import escalation
from runbooks.rollback_outcome import WayBack
from runbooks.suspects import Suspects
from runbooks.vocabulary import OPSBOT, Actor, Refused, Severity


@dataclass(frozen=True)
class Finding:
    """The stream `finding/RUN.NAME`; `L-12.lkg-outdated` where no run raised it."""

    id: str
    name: str = ""
    severity: Severity = Severity.S3
    title: str = ""
    action: str = ""
    besides: str = ""  # the part of the action that is people's, where the rollback goes by itself
    what: tuple[str, ...] = ()  # lines: what happened, what it means
    run: str = ""
    service: str = ""
    environment: str = ""
    rolls_back: str = ""  # the run that answers it by itself, or the one that took its place
    offers_rollback: bool = False
    way_back: WayBack | None = None  # how that run ended
    acknowledged_by: Actor | None = None
    acknowledged_at: datetime | None = None
    incident: str = ""  # the incident it belongs to
    suspects: Suspects | None = None  # what changed in the run that failed
    mended: str = ""  # a sentence: how it came to hold no more
    mended_at: datetime | None = None

    @property
    def free(self) -> bool:
        """Whether nobody has taken it on, and neither a way back nor itself has put it right."""
        over = bool(self.mended) or (self.way_back is not None and self.way_back.stands)
        return bool(self.name) and self.acknowledged_by is None and not over


@dataclass(frozen=True)
class Raised(Happened):
    """Something is wrong."""

    name: str
    severity: Severity
    title: str
    action: str
    what: tuple[str, ...]
    run: str
    service: str
    environment: str
    rolls_back: str = ""
    offers_rollback: bool = False
    besides: str = ""
    incident: str = ""
    suspects: Suspects | None = None
    kind: Literal["raised"] = "raised"


@dataclass(frozen=True)
class Acknowledged(Happened):
    """A person has seen it and takes it on."""

    kind: Literal["acknowledged"] = "acknowledged"


@dataclass(frozen=True)
class WayBackEnded(Happened):
    """The rollback that answered it is over, well or not."""

    way_back: WayBack
    kind: Literal["way-back-ended"] = "way-back-ended"


@dataclass(frozen=True)
class Tied(Happened):
    """A person opened an incident for it."""

    incident: str
    kind: Literal["tied"] = "tied"


@dataclass(frozen=True)
class Mended(Happened):
    """It holds no more; `how` is a sentence."""

    how: str
    kind: Literal["mended"] = "mended"


Event = Annotated[Raised | Acknowledged | WayBackEnded | Tied | Mended, Field(discriminator="kind")]


@dataclass(frozen=True)
class Raise:
    """Say that something is wrong; its row of the escalation table gives severity and action."""

    name: str
    what: tuple[str, ...]
    run: str
    service: str
    environment: str
    rolls_back: str = ""
    offers_rollback: bool = False
    incident: str = ""
    suspects: Suspects | None = None
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Acknowledge:
    """Take it on."""

    by: Actor


@dataclass(frozen=True)
class EndWayBack:
    """Keep how the rollback that answered it ended."""

    way_back: WayBack
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Tie:
    """Let it belong to an incident."""

    incident: str
    by: Actor


@dataclass(frozen=True)
class Mend:
    """Close it: it holds no more."""

    how: str
    by: Actor = OPSBOT


Command = Raise | Acknowledge | EndWayBack | Tie | Mend


def start(stream: str) -> Finding:
    """The finding before its first event."""
    return Finding(id=stream.partition("/")[2])


def decide(finding: Finding, command: Command, now: datetime) -> list[Event]:
    """Raise once, and anew what was mended; acknowledge once; keep each end of its way back once."""
    match command:
        case Raise():
            return [] if finding.name and not finding.mended else [_raised(command, now)]
        case Acknowledge(by):
            _refuse_unknown(finding)
            if finding.acknowledged_by is not None:
                raise Refused("acknowledged-already", by=finding.acknowledged_by, at=finding.acknowledged_at)
            return [Acknowledged(by, now)]
        case EndWayBack(way_back, by):
            return (
                [WayBackEnded(by, now, way_back)]
                if finding.name and way_back.tells_more_than(finding.way_back)
                else []
            )
        case Tie(incident, by):
            _refuse_unknown(finding)
            if finding.incident:
                raise Refused("incident-already", incident=finding.incident)
            return [Tied(by, now, incident)]
        case Mend(how, by):
            return [Mended(by, now, how)] if finding.name and not finding.mended else []


def _refuse_unknown(finding: Finding) -> None:
    if not finding.name:
        raise Refused("no-such-finding", finding=finding.id)


def _raised(command: Raise, now: datetime) -> Raised:
    row = escalation(command.name)
    return Raised(
        command.by,
        now,
        name=command.name,
        severity=row.severity,
        title=row.title,
        action=row.action,
        what=command.what,
        run=command.run,
        service=command.service,
        environment=command.environment,
        rolls_back=command.rolls_back,
        offers_rollback=command.offers_rollback,
        besides=row.besides,
        incident=command.incident,
        suspects=command.suspects,
    )


def outstanding(finding: Finding) -> bool:
    """Whether it waits for whoever takes it on."""
    return finding.free


def evolve(finding: Finding, event: Event) -> Finding:
    """The finding after the event."""
    match event:
        case Acknowledged(by, at):
            return replace(finding, acknowledged_by=by, acknowledged_at=at)
        case WayBackEnded(way_back=way_back):
            return replace(finding, way_back=way_back, rolls_back=way_back.successor or way_back.run)
        case Tied(incident=incident):
            return replace(finding, incident=incident)
        case Mended(how=how, at=at):
            return replace(finding, mended=how, mended_at=at)
        case Raised():
            return replace(
                finding,
                name=event.name,
                severity=event.severity,
                title=event.title,
                action=event.action,
                what=event.what,
                run=event.run,
                service=event.service,
                environment=event.environment,
                rolls_back=event.rolls_back,
                offers_rollback=event.offers_rollback,
                besides=event.besides,
                incident=event.incident or finding.incident,
                suspects=event.suspects,
                acknowledged_by=None,
                acknowledged_at=None,
                mended="",
                mended_at=None,
            )
