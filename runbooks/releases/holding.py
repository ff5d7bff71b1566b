"""What keeps deploys from starting: a person's lock, and beside it the hold after an emergency rollback. Pure."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.releases import events as e
from runbooks.releases.state import Release
from runbooks.vocabulary import OPSBOT, Actor, Refused


@dataclass(frozen=True)
class LockDeploys:
    """Stop deploys here."""

    by: Actor
    reason: str


@dataclass(frozen=True)
class UnlockDeploys:
    """Let deploys go on. `hold`: only what holds them since this rollback is released.

    Where none is named: with a reason the hold, if there is one, and else the lock; without a reason the lock.
    """

    by: Actor
    reason: str = ""
    hold: str = ""


@dataclass(frozen=True)
class EndRollback:
    """A rollback is over, or only lines of people are left of it; told once.

    `reason`: deploys are held for it; "": they are not. `version` and `commit` are what stands; "" where it failed.
    """

    run: str
    reason: str
    version: str = ""
    commit: str = ""
    by: Actor = OPSBOT


Command = LockDeploys | UnlockDeploys | EndRollback


def decide(release: Release, command: Command, now: datetime) -> list[e.Event]:
    """The events that the command causes; Refused for people."""
    match command:
        case LockDeploys(by, reason):
            if release.lock is not None:
                lock = release.lock
                raise Refused("locked-already", by=lock.by, why=lock.reason, at=lock.at, **_where(release))
            return [e.Locked(by, now, reason)]
        case UnlockDeploys():
            return [_unlocked(release, command, now)]
        case EndRollback(run):
            return [] if run in release.gone_back else _gone_back(release, command, now)


def _unlocked(release: Release, command: UnlockDeploys, now: datetime) -> e.Unlocked:
    held = release.hold.run if release.hold else ""
    if command.hold and command.hold != held:
        raise Refused("not-held", run=command.hold, holds=held, **_where(release))
    if held and (command.hold or command.reason or release.lock is None):
        if not command.reason:
            raise Refused("reason-wanted", run=held, **_where(release))
        return e.Unlocked(command.by, now, command.reason, held)
    if release.lock is None:
        raise Refused("not-locked", **_where(release))
    return e.Unlocked(command.by, now, command.reason)


def _gone_back(release: Release, command: EndRollback, now: datetime) -> list[e.Event]:
    found: list[e.Event] = []
    if command.commit:
        found.append(e.WentBack(command.by, now, command.run, command.version, command.commit))
    if command.reason:
        before = release.hold.run if release.hold else ""
        found.append(e.Locked(command.by, now, command.reason, command.run, before))
    return found


def went_on(release: Release, run: str, *, by: Actor, now: datetime) -> list[e.Event]:
    """The run begins to change the place: what a rollback put there is not what runs any more."""
    return [e.WentOn(by, now, run)] if release.back and release.back.run != run else []


def _where(release: Release) -> dict[str, str]:
    return {"service": release.service, "environment": release.environment}
