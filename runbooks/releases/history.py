"""The history of a last known good, as its events tell it: what became good, and what was tried and did not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
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
            case e.Promoted() | e.Dropped() if candidate is not None:
                found.append(Entry(candidate, good=isinstance(event, e.Promoted), by=event.by, at=event.at))
                candidate = None
    return tuple(reversed(found))
