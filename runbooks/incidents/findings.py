"""A finding: raised once, with its severity and action; acknowledged by a person. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.incidents.escalations import escalation
from runbooks.vocabulary import OPSBOT, Actor, Refused, Severity


@dataclass(frozen=True)
class Finding:
    """The stream `finding/RUN.NAME`."""

    id: str
    name: str = ""
    severity: Severity = Severity.S3
    title: str = ""
    action: str = ""
    what: tuple[str, ...] = ()  # lines: what happened, what it means
    run: str = ""
    service: str = ""
    environment: str = ""
    rolls_back: str = ""  # the run that answers it by itself
    offers_rollback: bool = False
    acknowledged_by: Actor | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True)
class Raised:
    """Something is wrong."""

    by: Actor
    at: datetime
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
    kind: Literal["raised"] = "raised"


@dataclass(frozen=True)
class Acknowledged:
    """A person has seen it and takes it on."""

    by: Actor
    at: datetime
    kind: Literal["acknowledged"] = "acknowledged"


Event = Annotated[Raised | Acknowledged, Field(discriminator="kind")]


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
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Acknowledge:
    """Take it on."""

    by: Actor


Command = Raise | Acknowledge


def start(stream: str) -> Finding:
    """The finding before its first event."""
    return Finding(id=stream.partition("/")[2])


def decide(finding: Finding, command: Command, now: datetime) -> list[Event]:
    """Raise once; acknowledge once."""
    match command:
        case Raise():
            return [] if finding.name else [_raised(command, now)]
        case Acknowledge(by):
            if not finding.name:
                raise Refused("no-such-finding", finding=finding.id)
            if finding.acknowledged_by is not None:
                raise Refused("acknowledged-already", by=finding.acknowledged_by, at=finding.acknowledged_at)
            return [Acknowledged(by, now)]


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
    )


def evolve(finding: Finding, event: Event) -> Finding:
    """The finding after the event."""
    match event:
        case Acknowledged(by, at):
            return replace(finding, acknowledged_by=by, acknowledged_at=at)
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
            )
