"""What can be asked of a release, what comes of it, and how its state follows. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch

from runbooks.releases import events as e
from runbooks.releases.state import KEPT, Lock, Release
from runbooks.vocabulary import OPSBOT, Actor, KnownGood, Refused


@dataclass(frozen=True)
class LockDeploys:
    """Stop deploys here."""

    by: Actor
    reason: str


@dataclass(frozen=True)
class UnlockDeploys:
    """Let deploys go on."""

    by: Actor
    reason: str = ""


@dataclass(frozen=True)
class Stage:
    """Keep what a run brought as a candidate."""

    candidate: KnownGood
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Promote:
    """The run ended well: its candidate is the last known good."""

    run: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Drop:
    """The run did not end well: its candidate is none."""

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


Command = LockDeploys | UnlockDeploys | Stage | Promote | Drop | Adopt | Leave | Settle


def decide(release: Release, command: Command, now: datetime) -> list[e.Event]:  # a line per command
    """The events that the command causes; Refused for people."""
    match command:
        case LockDeploys(by, reason):
            if release.lock is not None:
                place = {"service": release.service, "environment": release.environment}
                raise Refused(
                    "locked-already", by=release.lock.by, why=release.lock.reason, at=release.lock.at, **place
                )
            return [e.Locked(by, now, reason)]
        case UnlockDeploys(by, reason):
            if release.lock is None:
                raise Refused("not-locked", service=release.service, environment=release.environment)
            return [e.Unlocked(by, now, reason)]
        case Stage(candidate, by):
            return [] if release.candidate == candidate else [e.Staged(by, now, candidate)]
        case Promote(run, by):
            return [e.Promoted(by, now, run)] if _is_candidate(release, run) else []
        case Drop(run, by):
            return [e.Dropped(by, now, run)] if _is_candidate(release, run) else []
        case Adopt(known_good, by):
            return [e.Adopted(by, now, known_good)]
        case Leave() | Settle():
            return _of_what_is_left(release, command, now)


def _of_what_is_left(release: Release, command: Leave | Settle, now: datetime) -> list[e.Event]:
    if isinstance(command, Settle):
        return [e.Settled(command.by, now, command.run)] if release.left else []
    return [] if command.run in release.left else [e.Left(command.by, now, command.run)]


def _is_candidate(release: Release, run: str) -> bool:
    return release.candidate is not None and release.candidate.run == run


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
    return replace(release, lock=Lock(event.by, event.at, event.reason))


@_apply.register
def _(_event: e.Unlocked, release: Release) -> Release:
    return replace(release, lock=None)


@_apply.register
def _(event: e.Staged, release: Release) -> Release:
    return replace(release, candidate=event.candidate)


@_apply.register
def _(_event: e.Promoted, release: Release) -> Release:
    good = (release.candidate, *release.good) if release.candidate else release.good
    return replace(release, candidate=None, good=good[:KEPT])


@_apply.register
def _(_event: e.Dropped, release: Release) -> Release:
    return replace(release, candidate=None)


@_apply.register
def _(event: e.Adopted, release: Release) -> Release:
    return replace(release, good=(event.known_good, *release.good)[:KEPT])


@_apply.register
def _(event: e.Left, release: Release) -> Release:
    return replace(release, left=(*release.left, event.run)[-KEPT:])


@_apply.register
def _(_event: e.Settled, release: Release) -> Release:
    return replace(release, left=())
