"""Who asked for which audit pack, and what came of it: events like all others, so packs are audited too. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.vocabulary import OPSBOT, Actor


@dataclass(frozen=True)
class Packs:
    """The stream `audit/SERVICE`, or `audit/SERVICE/TENANT` for the packs of one tenant."""

    service: str
    tenant: str = ""
    events: int = 0
    waiting: tuple[int, ...] = ()  # requests without an end, by the number of the event that asked


@dataclass(frozen=True)
class _Happened:
    by: Actor
    at: datetime


@dataclass(frozen=True)
class Asked(_Happened):
    """Somebody wants a pack of this period, both days included; they get it themselves."""

    first: date
    last: date
    kind: Literal["asked"] = "asked"


@dataclass(frozen=True)
class Delivered(_Happened):
    """They got it."""

    request: int  # the event that asked
    to: Actor
    way: str  # "Slack", or "file" on the command line
    archive: str  # SHA-256 of the archive, hex
    told: int  # events in it
    kind: Literal["delivered"] = "delivered"


@dataclass(frozen=True)
class Failed(_Happened):
    """They did not get it."""

    request: int
    why: str
    kind: Literal["failed"] = "failed"


Event = Annotated[Asked | Delivered | Failed, Field(discriminator="kind")]


@dataclass(frozen=True)
class Ask:
    """Want a pack."""

    by: Actor
    first: date
    last: date


@dataclass(frozen=True)
class Deliver:
    """Keep that it was handed over."""

    request: int
    to: Actor
    way: str
    archive: str
    told: int


@dataclass(frozen=True)
class Fail:
    """Keep that it was not."""

    request: int
    why: str


Command = Ask | Deliver | Fail


def stream_of(service: str, tenant: str = "") -> str:
    """The name of the stream."""
    return "/".join(part for part in ("audit", service, tenant) if part)


def start(stream: str) -> Packs:
    """Nothing asked yet."""
    _, service, *tenant = stream.split("/")
    return Packs(service, "/".join(tenant))


def decide(packs: Packs, command: Command, now: datetime) -> list[Event]:
    """Each request ends once."""
    match command:
        case Ask(by, first, last):
            return [Asked(by, now, first, last)]
        case _ if command.request not in packs.waiting:
            return []
        case Deliver():
            return [Delivered(OPSBOT, now, **vars(command))]
        case Fail(request, why):
            return [Failed(OPSBOT, now, request, why)]


def evolve(packs: Packs, event: Event) -> Packs:
    """The state after the event."""
    number = packs.events + 1
    if isinstance(event, Asked):
        return replace(packs, events=number, waiting=(*packs.waiting, number))
    return replace(packs, events=number, waiting=tuple(n for n in packs.waiting if n != event.request))
