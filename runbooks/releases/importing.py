"""A known good release that comes from a bundle: recorded among those of its place, by when it was good. Pure."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.releases import events as e
from runbooks.releases.bundle import bundle_of
from runbooks.releases.state import KEPT, Release
from runbooks.vocabulary import Actor, KnownGood, Refused


@dataclass(frozen=True)
class Import:
    """Record what a bundle of this place holds; `held_by`: the run that is changing the place, "" where none is."""

    known_good: KnownGood
    bundle: str  # its SHA-256
    reason: str
    by: Actor
    held_by: str = ""


def decide(release: Release, command: Import, now: datetime) -> list[e.Event]:
    """Nothing where it is recorded already. Raises Refused while a run is under way, and where it is too old."""
    known, place = command.known_good, {"service": release.service, "environment": release.environment}
    if command.bundle in (bundle_of(release.service, release.environment, each).digest for each in release.good):
        return []
    if run := command.held_by or (release.candidate.run if release.candidate else ""):
        raise Refused("import-under-way", run=run, **place)
    if known not in placed(release.good, known):
        raise Refused("import-too-old", version=known.version, **place)
    return [e.Imported(command.by, now, known, command.bundle, command.reason)]


def placed(good: tuple[KnownGood, ...], known: KnownGood) -> tuple[KnownGood, ...]:
    """All of them, newest first, as far back as they are kept: an old release does not become the last known good."""
    place = next((number for number, each in enumerate(good) if each.at <= known.at), len(good))
    return (*good[:place], known, *good[place:])[:KEPT]
