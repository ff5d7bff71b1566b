"""Which events belong to a pack. A tenant's pack holds nothing of another tenant, not even in passing."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbooks.packs.period import Period
from runbooks.store import Recorded
from runbooks.vocabulary import OPSBOT, Actor

NO_RUN = "L-"
"""What the name of a finding begins with that no run raised."""


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
    others = {*tenants, *(code for name in kept for code in tenants_of(name, kept))} - {scope.tenant}
    withheld = {name for name, found in theirs.items() if _names(found, others, scope.tenant)}
    withheld |= {name for name in theirs if _about(kept[name]) & withheld}
    rest = {name: found for name, found in theirs.items() if name not in withheld}
    return Selection(scope, rest, tuple(sorted(withheld)))


def tenants_of(stream: str, streams: Mapping[str, Sequence[Recorded]]) -> frozenset[str]:
    """The tenants that a stream is about; none where it is about all of them."""
    room, *parts = stream.split("/")
    match room, parts:
        case "tenant", [_, _, code]:
            return frozenset({code})
        case "audit", [_, code]:
            return frozenset({code})
        case "run", _:
            return frozenset({str((_first(streams[stream]).get("parameters") or {}).get("tenant", ""))} - {""})
        case _:
            runs = (run for run in _about(streams[stream]) if _room(run) == "run" and run in streams)
            return frozenset(code for run in runs for code in tenants_of(run, streams))


def _of_tenant(scope: Scope, stream: str, streams: Mapping[str, Sequence[Recorded]]) -> bool | None:
    """Whether a stream is the tenant's own; None where it is about all of them."""
    if stream == f"audit/{scope.service}":
        return False  # who audits the whole service
    if any(_room(other) == "run" and other not in streams for other in _about(streams[stream])):
        return False  # a finding or an incident of which nobody can tell whose it is
    codes = tenants_of(stream, streams)
    return None if not codes else codes == {scope.tenant}


def _about(events: Sequence[Recorded]) -> frozenset[str]:
    """The runs that a finding is about; the findings and runs that an incident is about."""
    if _room(events[0].stream) not in ("finding", "incident"):
        return frozenset()
    told = [read for event in events if isinstance(read := _read(event), dict)]
    findings = {str(each["finding"]) for each in told if each.get("finding")}
    runs = {str(each["run"]) for each in told if each.get("run")}
    runs |= {run for finding in findings if (run := finding.partition(".")[0]) and not finding.startswith(NO_RUN)}
    return frozenset({*(f"run/{run}" for run in runs), *(f"finding/{finding}" for finding in findings)})


def _of_service(service: str, events: Sequence[Recorded]) -> bool:
    room, _, name = events[0].stream.partition("/")
    if room in ("run", "finding", "incident"):
        return _first(events).get("service") == service
    return room in ("release", "tenant", "audit", "drill") and name.partition("/")[0] == service


def _names(events: Sequence[Recorded], others: Collection[str], own: str) -> bool:
    """Whether any of these codes stands in the events, also as a part of a name such as `026_CODE_rates.sql`.

    What lies within the tenant's own code is not another's.
    """
    ours, theirs = _bounded([own]), _bounded(others)
    return any(_beyond(text, ours, theirs) for event in events for text in _texts(_read(event)))


def _bounded(codes: Collection[str]) -> re.Pattern[str]:
    """Any of the codes between what is neither a letter nor a digit, at each place the longest of them."""
    longest = "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?=({longest})(?![a-z0-9]))" if codes else "(?!)")


def _beyond(text: str, ours: re.Pattern[str], theirs: re.Pattern[str]) -> bool:
    own = [found.span(1) for found in ours.finditer(text)]
    spans = (found.span(1) for found in theirs.finditer(text))
    return any(not any(since <= start and end <= until for since, until in own) for start, end in spans)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value.casefold()
        case dict():
            for key, each in value.items():
                yield from _texts(key)
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)


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
