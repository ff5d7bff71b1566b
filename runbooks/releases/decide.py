"""What can be asked of a release, what comes of it, and how its state follows. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch

from runbooks.releases import events as e
from runbooks.releases import held_up, holding, importing, record
from runbooks.releases.bundle import bundle_of
from runbooks.releases.held_up import Clear, HoldUp
from runbooks.releases.history import promoted
from runbooks.releases.holding import EndRollback, LockDeploys, UnlockDeploys
from runbooks.releases.importing import Import
from runbooks.releases.lag import Behind, Lag
from runbooks.releases.promoting import Promote, promotion
from runbooks.releases.record import CatchUp, FallBehind, Keep
from runbooks.releases.state import KEPT, NOTED, Back, Held, Lock, Release
from runbooks.schema_fit import SchemaFit
from runbooks.vocabulary import OPSBOT, Actor, KnownGood


@dataclass(frozen=True)
class Stage:
    """Keep what a run brought as a candidate."""

    candidate: KnownGood
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Learn:
    """Keep whether a known good release runs on a later schema."""

    fit: SchemaFit
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Drop:
    """The run did not end well: its candidate is none."""

    run: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Supplant:
    """The run begins to change the place: whatever another brought there is not what runs any more."""

    run: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Adopt:
    """Take what runs now as good."""

    known_good: KnownGood
    by: Actor


@dataclass(frozen=True)
class Leave:
    """The run left changes that nothing takes back by itself."""

    run: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Settle:
    """The run put an end to all that was left."""

    run: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class NoteIncident:
    """People opened an incident that concerns the place: an emergency rollback belongs to it."""

    incident: str
    by: Actor


Command = (
    LockDeploys
    | UnlockDeploys
    | EndRollback
    | Stage
    | Learn
    | Promote
    | Drop
    | Supplant
    | Adopt
    | Import
    | Leave
    | Settle
    | HoldUp
    | Clear
    | NoteIncident
    | Keep
    | FallBehind
    | CatchUp
)


def decide(release: Release, command: Command, now: datetime) -> list[e.Event]:  # a line per command
    """The events that the command causes; Refused for people."""
    match command:
        case LockDeploys() | UnlockDeploys() | EndRollback():
            return holding.decide(release, command, now)
        case Stage(candidate, by):
            return [] if release.candidate == candidate else [e.Staged(by, now, candidate)]
        case Learn(fit, by):
            return [] if fit in release.fits else [e.Tried(by, now, fit)]
        case Promote() | Drop() | Supplant():
            return _of_candidate(release, command, now)
        case Adopt() | Import():
            return _taken(release, command, now)
        case Leave() | Settle() | HoldUp() | Clear() | NoteIncident():
            return _of_trouble(release, command, now)
        case Keep() | FallBehind() | CatchUp():
            return record.decide(release, command, now)


def _of_candidate(release: Release, command: Promote | Drop | Supplant, now: datetime) -> list[e.Event]:
    candidate, by = release.candidate, command.by
    if isinstance(command, Supplant):
        since = f"{command.run} began to change {release.environment} since"
        gone_on = holding.went_on(release, command.run, by=by, now=now)
        return [*_supplanted(release, command.run, since, by=by, now=now), *gone_on]
    if candidate is None or candidate.run != command.run:
        return []
    if isinstance(command, Drop):
        return [e.Dropped(by, now, command.run)]
    how = f"{command.run} brought {candidate.version}, which is recorded now."
    caught_up = record.caught_up(release, Lag.RUNS, how, by=by, now=now)
    good = promotion(release, candidate, command, now)
    return [good, *caught_up, *held_up.cleared(release, candidate, by=by, now=now)]


def _supplanted(release: Release, run: str, since: str, *, by: Actor, now: datetime) -> list[e.Event]:
    """What another run brought is no candidate any more; `since` says what happened."""
    candidate = release.candidate
    if candidate is None or candidate.run == run:
        return []
    why = f"{since}, so {candidate.version} is not recorded as the last known good."
    return [e.Dropped(by, now, candidate.run, why)]


def _taken(release: Release, command: Adopt | Import, now: datetime) -> list[e.Event]:
    """What is adopted runs and is good now, so nothing that runs left behind is still to be taken back."""
    if isinstance(command, Import):
        return importing.decide(release, command, now)
    by, version = command.by, command.known_good.version
    settled: list[e.Event] = [e.Settled(by, now, command.known_good.run)] if release.left else []
    how = f"What runs was recorded as the last known good: {version}."
    since = f"{version} was recorded as what runs since"
    digest = bundle_of(release.service, release.environment, command.known_good).digest
    return [
        *_supplanted(release, command.known_good.run, since, by=by, now=now),
        e.Adopted(by, now, command.known_good, digest),
        *settled,
        *record.caught_up(release, Lag.RUNS, how, by=by, now=now),
    ]


_OfTrouble = Leave | Settle | HoldUp | Clear | NoteIncident


def _of_trouble(release: Release, command: _OfTrouble, now: datetime) -> list[e.Event]:
    if isinstance(command, HoldUp | Clear):
        return held_up.decide(release, command, now)
    if isinstance(command, NoteIncident):
        return [e.IncidentOpened(command.by, now, command.incident)]
    if isinstance(command, Settle):
        return [e.Settled(command.by, now, command.run)] if release.left else []
    return [] if command.run in release.left else [e.Left(command.by, now, command.run)]


def start(stream: str) -> Release:
    """The release before its first event, for the stream `release/SERVICE/ENVIRONMENT`."""
    _, service, environment = stream.split("/")
    return Release(service, environment)


@singledispatch
def _apply(event: object, release: Release) -> Release:
    raise TypeError(f"not an event of a release: {type(event).__name__} ({release.service})")


def evolve(release: Release, event: e.Event) -> Release:
    """The release after the event."""
    return _apply(event, release)


@_apply.register
def _(event: e.Locked, release: Release) -> Release:
    lock = Lock(event.by, event.at, event.reason, event.run)
    return replace(_told(release, event.run), hold=lock) if event.run else replace(release, lock=lock)


@_apply.register
def _(event: e.Unlocked, release: Release) -> Release:
    return replace(release, hold=None) if event.run else replace(release, lock=None)


@_apply.register
def _(event: e.WentBack, release: Release) -> Release:
    return replace(_told(release, event.run), back=Back(event.run, event.at, event.version, event.commit))


def _told(release: Release, run: str) -> Release:
    """The end of this rollback is told here."""
    return release if run in release.gone_back else replace(release, gone_back=(*release.gone_back, run)[-KEPT:])


@_apply.register
def _(_event: e.WentOn, release: Release) -> Release:
    return replace(release, back=None)


@_apply.register
def _(event: e.Staged, release: Release) -> Release:
    return replace(release, candidate=event.candidate)


@_apply.register
def _(event: e.Tried, release: Release) -> Release:
    return replace(release, fits=(*release.fits, event.fit)[-KEPT:])


@_apply.register
def _(event: e.Promoted, release: Release) -> Release:
    good = (promoted(release.candidate, event), *release.good) if release.candidate else release.good
    return replace(release, candidate=None, good=good[:KEPT])


@_apply.register
def _(_event: e.Dropped, release: Release) -> Release:
    return replace(release, candidate=None)


@_apply.register
def _(event: e.Adopted, release: Release) -> Release:
    stays = release.back is None or release.back.commit == event.known_good.commit
    return replace(release, good=(event.known_good, *release.good)[:KEPT], back=release.back if stays else None)


@_apply.register
def _(event: e.Imported, release: Release) -> Release:
    return replace(release, good=importing.placed(release.good, event.known_good))


@_apply.register
def _(event: e.Left, release: Release) -> Release:
    return replace(release, left=(*release.left, event.run)[-KEPT:])


@_apply.register
def _(_event: e.Settled, release: Release) -> Release:
    return replace(release, left=())


@_apply.register
def _(event: e.Kept, release: Release) -> Release:
    return replace(release, kept=event.digest)


@_apply.register
def _(event: e.FellBehind, release: Release) -> Release:
    return replace(release, behind=(*release.behind, Behind(event.lag, event.finding, event.at)))


@_apply.register
def _(event: e.CaughtUp, release: Release) -> Release:
    return replace(release, behind=tuple(each for each in release.behind if each.finding != event.finding))


@_apply.register
def _(event: e.HeldUp, release: Release) -> Release:
    return replace(release, held_up={**release.held_up, event.finding: Held(event.at, event.document)})


@_apply.register
def _(event: e.Cleared, release: Release) -> Release:
    return replace(release, held_up={name: each for name, each in release.held_up.items() if name != event.finding})


@_apply.register
def _(event: e.IncidentOpened, release: Release) -> Release:
    return replace(release, incidents=(*release.incidents, event.incident)[-NOTED:])
