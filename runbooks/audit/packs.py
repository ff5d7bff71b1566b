"""Who asked for which audit pack, who approved it, and what came of it: events, so packs are audited too. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.audit.requests import FILE, SLACK, End, Packs, Request, Wanted
from runbooks.events import Happened
from runbooks.vocabulary import OPSBOT, Actor, Refused


@dataclass(frozen=True)
class Asked(Happened):
    """Somebody wants a pack of this period, both days included; they get it themselves."""

    first: date
    last: date
    way: str = FILE
    wanted: Wanted | None = None
    kind: Literal["asked"] = "asked"


@dataclass(frozen=True)
class Approved(Happened):
    """Somebody else agrees that it is handed over."""

    request: int  # the event that asked
    kind: Literal["approved"] = "approved"


@dataclass(frozen=True)
class Rejected(Happened):
    """Somebody else does not."""

    request: int
    kind: Literal["rejected"] = "rejected"


@dataclass(frozen=True)
class Expired(Happened):
    """Nobody agreed in time."""

    request: int
    kind: Literal["expired"] = "expired"


@dataclass(frozen=True)
class Made(Happened):
    """It is made and kept, and is handed over next: after this, Slack is looked at before it is handed over again."""

    request: int
    archive: str  # SHA-256 of the archive, hex
    told: int  # events in it
    whole: bool
    kind: Literal["made"] = "made"


@dataclass(frozen=True)
class Delivered(Happened):
    """They got it."""

    request: int
    to: Actor
    way: str
    archive: str
    told: int
    kind: Literal["delivered"] = "delivered"


@dataclass(frozen=True)
class Failed(Happened):
    """They did not get it."""

    request: int
    why: str
    kind: Literal["failed"] = "failed"


Event = Annotated[
    Asked | Approved | Rejected | Expired | Made | Delivered | Failed,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class Ask:
    """Want a pack."""

    by: Actor
    first: date
    last: date
    way: str = FILE
    wanted: Wanted | None = None


@dataclass(frozen=True)
class Judge:
    """Approve it or reject it; `groups` are those that the person is in now."""

    request: int
    by: Actor
    groups: frozenset[str]
    approves: bool


@dataclass(frozen=True)
class Expire:
    """Its time is over."""

    request: int


@dataclass(frozen=True)
class Keep:
    """Keep what was made, before it is handed over."""

    request: int
    archive: str
    told: int
    whole: bool


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


Command = Ask | Judge | Expire | Keep | Deliver | Fail


def stream_of(service: str, tenant: str = "") -> str:
    """The name of the stream."""
    return "/".join(part for part in ("audit", service, tenant) if part)


def start(stream: str) -> Packs:
    """Nothing asked yet."""
    _, service, *tenant = stream.split("/")
    return Packs(service, "/".join(tenant))


def decide(packs: Packs, command: Command, now: datetime) -> list[Event]:
    """Each request ends once. Raises Refused to people alone."""
    if isinstance(command, Ask):
        return [_asked(packs, command, now)]
    request = packs.of(command.request)
    if isinstance(command, Judge):
        return [_judged(request, command, now)]
    if request is None or request.end is not End.OPEN:
        return []
    match command:
        case Expire(number):
            return [Expired(OPSBOT, now, number)] if request.lacking else []
        case Keep():
            return [] if request.archive else [Made(OPSBOT, now, **vars(command))]
        case Deliver():
            return [Delivered(OPSBOT, now, **vars(command))]
        case Fail(number, why):
            return [Failed(OPSBOT, now, number, why)]


def _asked(packs: Packs, ask: Ask, now: datetime) -> Event:
    if ask.wanted:
        for other in packs.requests:
            if other.waits and (other.by, other.first, other.last) == (ask.by, ask.first, ask.last):
                raise Refused("pack-asked-already", group=ask.wanted.group, by=ask.by, at=other.at)
    return Asked(ask.by, now, ask.first, ask.last, ask.way, ask.wanted)


def _judged(request: Request | None, judge: Judge, now: datetime) -> Event:
    """What the click means, where it counts."""
    doing = "approve" if judge.approves else "reject"
    if request is None or request.wanted is None:
        raise Refused("no-such-pack")
    wanted = request.wanted
    if wanted.group not in judge.groups:
        raise Refused("not-allowed", doing=doing, groups=[wanted.group])
    if judge.by == request.by and judge.approves:
        raise Refused("own-request", command="audit pack", group=wanted.group)
    if judge.approves and judge.by in request.approved_by and request.waits:
        raise Refused("approved-already", run="this audit pack", wanted=request.lacking)
    if not request.waits or now >= wanted.until:
        over = request.end or (End.EXPIRED if request.lacking else "approved")
        by = request.ended_by if request.end else next(reversed(request.approved_by), None)
        raise Refused("pack-moved-on", status=str(over), by=by, at=request.ended_at or wanted.until)
    return (Approved if judge.approves else Rejected)(judge.by, now, judge.request)


def evolve(packs: Packs, event: Event) -> Packs:
    """The state after the event."""
    number = packs.events + 1
    if isinstance(event, Asked):
        asked = Request(number, event.by, event.at, event.first, event.last, event.way, event.wanted)
        return replace(packs, events=number, requests=(*packs.requests, asked))
    moved = (_moved(request, event) if request.number == event.request else request for request in packs.requests)
    return replace(packs, events=number, requests=tuple(filter(_is_kept, moved)))


def _moved(request: Request, event: Event) -> Request:
    match event:
        case Approved(by=by):
            return replace(request, approved_by=(*request.approved_by, by))
        case Made(archive=archive, told=told, whole=whole):
            return replace(request, archive=archive, told=told, whole=whole)
        case Delivered(archive=archive, told=told):
            return replace(_ended(request, event, End.DELIVERED), archive=archive, told=told)
        case Failed(why=why):
            return replace(_ended(request, event, End.FAILED), why=why)
        case Rejected():
            return _ended(request, event, End.REJECTED)
        case Expired():
            return _ended(request, event, End.EXPIRED)
    return request


def _ended(request: Request, event: Happened, end: End) -> Request:
    return replace(request, end=end, ended_by=event.by, ended_at=event.at)


def _is_kept(request: Request) -> bool:
    told = request.wanted is not None or request.end is not End.DELIVERED
    return request.end is End.OPEN or (request.way == SLACK and told)
