"""The chain of a stream's events: every hash covers the event and the hash before it."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from runbooks.digests import canonical
from runbooks.store import Recorded
from runbooks.vocabulary import Actor


def link(*, stream: str, version: int, data: str, actor: Actor, at: datetime, previous: str) -> Recorded:
    """The event as it is to be stored. `at` is stored and hashed in UTC."""
    at = at.astimezone(UTC)
    return Recorded(stream, version, data, actor, at, previous, _hash(stream, version, data, actor, at, previous))


def faults(events: Sequence[Recorded]) -> list[str]:
    """What is wrong with a stream's chain, oldest event first; empty where it is whole."""
    found, previous = [], ""
    for number, event in enumerate(events, start=1):
        name = f"{event.stream} event {event.version}"
        if event.version != number:
            found.append(f"{name}: expected event {number}")
        if event.previous != previous:
            found.append(f"{name}: does not link to the event before it")
        if event.hash != _hash(event.stream, event.version, event.data, event.actor, event.at, event.previous):
            found.append(f"{name}: its content does not match its hash")
        previous = event.hash
    return found


def _hash(
    stream: str, version: int, data: str, actor: str, at: datetime, previous: str
) -> str:  # the six fields of an event
    text = canonical([stream, version, data, actor, at.astimezone(UTC).isoformat(), previous])
    return hashlib.sha256(text.encode()).hexdigest()
