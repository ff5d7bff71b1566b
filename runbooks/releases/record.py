"""Whether the record is true: it stands where the catalogue wants it, and is what runs. Pure."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.releases import events as e
from runbooks.releases.lag import Lag
from runbooks.releases.state import Release
from runbooks.vocabulary import OPSBOT, Actor


@dataclass(frozen=True)
class Keep:
    """The record was written, or found, in all its places."""

    digest: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class FallBehind:
    """Say that the record is outdated, by this finding; one that says so already is enough."""

    lag: Lag
    finding: str
    what: tuple[str, ...] = ()
    by: Actor = OPSBOT


@dataclass(frozen=True)
class CatchUp:
    """Say that it is outdated no more in this way."""

    lag: Lag
    how: str
    by: Actor = OPSBOT


def decide(release: Release, command: Keep | FallBehind | CatchUp, now: datetime) -> list[e.Event]:
    """Each is said once."""
    match command:
        case Keep(digest, by):
            written = [] if release.kept == digest else [e.Kept(by, now, digest)]
            how = "The record is written everywhere now."
            return [*written, *caught_up(release, Lag.PLACE, how, by=by, now=now)]
        case FallBehind(lag, finding, what, by):
            return [] if release.is_behind(lag) else [e.FellBehind(by, now, lag, finding, what)]
        case CatchUp(lag, how, by):
            return caught_up(release, lag, how, by=by, now=now)


def caught_up(release: Release, lag: Lag, how: str, *, by: Actor, now: datetime) -> list[e.Event]:
    """The end of every way in which it is outdated so; `how` is a sentence."""
    return [e.CaughtUp(by, now, lag, each.finding, how) for each in release.behind if each.lag is lag]
