"""The history of a last known good, as its events tell it: what became good, and what was tried and did not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from runbooks.releases import events as e
from runbooks.vocabulary import Actor, KnownGood


@dataclass(frozen=True)
class Entry:
    """One release that was a candidate, or adopted, and what became of it."""

    release: KnownGood
    good: bool
    by: Actor  # who adopted it, else the bot
    at: datetime  # when it became good, or was dropped
    imported: str = ""  # why, where it came from a bundle


def promoted(candidate: KnownGood, event: e.Promoted) -> KnownGood:
    """The candidate with what was known of it in the end."""
    return replace(candidate, kpis=event.kpis, approved_by=event.approved_by)


def entries(events: Iterable[e.Event]) -> tuple[Entry, ...]:
    """All of them, newest first. A candidate whose run goes on is none yet."""
    found: list[Entry] = []
    candidate: KnownGood | None = None
    for event in events:
        match event:
            case e.Staged():
                candidate = event.candidate
            case e.Adopted():
                found.append(Entry(event.known_good, good=True, by=event.by, at=event.at))
            case e.Imported():
                found.append(Entry(event.known_good, good=True, by=event.by, at=event.at, imported=event.reason))
            case e.Promoted() if candidate is not None:
                found.append(Entry(promoted(candidate, event), good=True, by=event.by, at=event.at))
                candidate = None
            case e.Dropped() if candidate is not None:
                found.append(Entry(candidate, good=False, by=event.by, at=event.at))
                candidate = None
    return tuple(reversed(found))
