"""What keeps deploys out, each a finding, until a later deploy shows that it holds no more. Pure."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.releases import events as e
from runbooks.releases.state import Release
from runbooks.vocabulary import OPSBOT, Actor, KnownGood


@dataclass(frozen=True)
class HoldUp:
    """A deploy by this document did not end well and left nothing to take back; the finding says why."""

    finding: str
    document: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Clear:
    """A deploy by a document that records no release ended well; `since`: when it began to change the place."""

    run: str
    version: str
    document: str
    since: datetime
    by: Actor = OPSBOT


def decide(release: Release, command: HoldUp | Clear, now: datetime) -> list[e.Event]:
    """Each is said once. Where nothing is recorded, it is only known of deploys by the same document."""
    match command:
        case HoldUp(finding, document, by):
            return [] if finding in release.held_up else [e.HeldUp(by, now, finding, document)]
        case Clear(run, version, document, since, by):
            names = [name for name, each in release.held_up.items() if each.document == document and each.at < since]
            return [e.Cleared(by, now, name, _how(release, run, version)) for name in names]


def cleared(release: Release, candidate: KnownGood, *, by: Actor, now: datetime) -> list[e.Event]:
    """The end of what held earlier deploys up; of a later one, nothing is known by this one's end."""
    how = _how(release, candidate.run, candidate.version)
    return [e.Cleared(by, now, name, how) for name, each in release.held_up.items() if each.at < candidate.at]


def _how(release: Release, run: str, version: str) -> str:
    return f"{run} brought {version} to {release.environment} since, and it ended well."
