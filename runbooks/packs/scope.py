"""Which events belong to a pack. A tenant's pack holds nothing of another tenant, not even in passing."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runbooks.packs.period import Period
from runbooks.store import Recorded
from runbooks.vocabulary import OPSBOT, Actor


@dataclass(frozen=True)
class Scope:
    """What a pack is about; `tenant` "" is the whole service."""

    service: str
    period: Period
    tenant: str = ""


@dataclass(frozen=True)
class Selection:
    """The events of a pack, by stream in the order of its name; and what was kept out of a tenant's."""

    scope: Scope
    streams: dict[str, tuple[Recorded, ...]]
    withheld: tuple[str, ...] = ()  # streams that concern everybody, but name another tenant

    @property
    def events(self) -> tuple[Recorded, ...]:
        """All of them, a stream after the other."""
        return tuple(event for events in self.streams.values() for event in events)

    @property
    def people(self) -> frozenset[Actor]:
        """Everybody who acted."""
        return frozenset(event.actor for event in self.events) - {OPSBOT}

    @property
    def moved(self) -> bool:
        """Whether anything happened in the period itself."""
        return any(self.scope.period.has(event.at) for event in self.events)


def select(scope: Scope, events: Iterable[Recorded], tenants: Collection[str] = ()) -> Selection:
    """The part of these events that is the scope's; `tenants` are the codes of all that are known, of any service.

    Every stream is whole from its first event on, so its chain can be followed.
    """
    streams: dict[str, list[Recorded]] = {}
    for event in sorted(events, key=lambda each: (each.stream, each.version)):
        streams.setdefault(event.stream, []).append(event)
    kept = {name: tuple(found) for name, found in streams.items() if _of_service(scope.service, found)}
    if not scope.tenant:
        return Selection(scope, kept)
    theirs = {name: found for name, found in kept.items() if _of_tenant(scope, name, kept) is not False}
    others = {*tenants, *(tenant_of(name, kept) for name in kept)} - {scope.tenant, ""}
    withheld = {name for name, found in theirs.items() if _names(found, others)}
    withheld |= {name for name in theirs if _run_of(name) in withheld}
    rest = {name: found for name, found in theirs.items() if name not in withheld}
    return Selection(scope, rest, tuple(sorted(withheld)))


def tenant_of(stream: str, streams: dict[str, tuple[Recorded, ...]]) -> str:
    """The tenant that a stream is about; "" where it is about all of them."""
    room, *parts = stream.split("/")
    match room, parts:
        case "tenant", [_, _, code]:
            return code
        case "audit", [_, code]:
            return code
        case "run", _:
            return str((_first(streams[stream]).get("parameters") or {}).get("tenant", ""))
        case "finding", _ if (run := _run_of(stream)) in streams:
            return tenant_of(run, streams)
    return ""


def _of_tenant(scope: Scope, stream: str, streams: dict[str, tuple[Recorded, ...]]) -> bool | None:
    """Whether a stream is the tenant's own; None where it is about all of them."""
    if stream == f"audit/{scope.service}" or (_room(stream) == "finding" and _run_of(stream) not in streams):
        return False  # who audits the whole service, or a finding of which nobody can tell whose it is
    code = tenant_of(stream, streams)
    return None if not code else code == scope.tenant


def _of_service(service: str, events: Sequence[Recorded]) -> bool:
    room, _, name = events[0].stream.partition("/")
    if room in ("run", "finding"):
        return _first(events).get("service") == service
    return room in ("release", "tenant", "audit") and name.partition("/")[0] == service


def _names(events: Sequence[Recorded], codes: Collection[str]) -> bool:
    """Whether any of these codes stands in the events as a word of its own."""
    return any(word in codes for event in events for word in _words(_read(event)))


def _words(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield from re.findall(r"[a-z0-9][a-z0-9_-]*", value.casefold())
        case dict():
            for key, each in value.items():
                yield from _words(key)
                yield from _words(each)
        case list():
            for each in value:
                yield from _words(each)


def _run_of(stream: str) -> str:
    """The run that a finding is about: `run/D-7` of `finding/D-7.deploy-failed`."""
    room, _, name = stream.partition("/")
    return f"run/{name.partition('.')[0]}" if room == "finding" else ""


def _room(stream: str) -> str:
    return stream.partition("/")[0]


def _first(events: Sequence[Recorded]) -> dict[str, Any]:
    read = _read(events[0])
    return read if isinstance(read, dict) else {}


def _read(event: Recorded) -> Any:
    """The event's data; as text where somebody made it something else than JSON."""
    try:
        return json.loads(event.data)
    except ValueError:
        return event.data
