"""What the events of a pack tell: each stream folded as the bot itself folds it, and the state of its chain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from runbooks.audit.chain import faults
from runbooks.audit.requests import Packs
from runbooks.folds import folds
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.packs.markup import tag
from runbooks.packs.scope import Selection
from runbooks.releases.state import Release
from runbooks.runs import events as e
from runbooks.runs.state import Run
from runbooks.store import Fold, Recorded
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import OPSBOT, Actor


@dataclass(frozen=True)
class Told:
    """One stream: its events as values, and its state as it was at the end of the period."""

    stream: str
    recorded: tuple[Recorded, ...]
    events: tuple[Any, ...] = ()
    state: Any = None  # None where its events can't be read
    faults: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()  # kinds of events in it that are not known here, so that the report leaves them out

    @property
    def head(self) -> str:
        """The hash of its last event."""
        return self.recorded[-1].hash


@dataclass(frozen=True)
class RunTold:
    """A run with what its state alone does not keep: every approval, and how long it waited for them."""

    run: Run
    events: tuple[e.Event, ...]
    approvals: tuple[e.Approved, ...]
    waited: timedelta | None  # for the approvals that let it go on; None where none were wanted, or none came

    @property
    def began(self) -> datetime:
        """When it was asked for."""
        return self.events[0].at

    @property
    def changing(self) -> timedelta | None:
        """From the first change of the environment to the end of the last one; None where it changed nothing."""
        steps = [s for s in self.run.plan.steps if s.changes] if self.run.plan else []
        ends = [state.recorded_at for s in steps if (state := self.run.steps.get(s.id)) and state.recorded_at]
        begun = self.run.changed_at
        return max(ends) - begun if ends and begun else None


@dataclass(frozen=True)
class Book:
    """All of them, by what they are about, oldest first."""

    selection: Selection
    told: tuple[Told, ...]
    names: Mapping[Actor, str] = field(default_factory=dict)  # what people are called, where somebody knew it

    def who(self, actor: Actor | None) -> str:
        """A person by name and id, "Opsbot" for the bot itself, "" for nobody."""
        if not actor:
            return ""
        identity = actor.rpartition("/")[2]
        name = self.names.get(actor, "")
        return "Opsbot" if actor == OPSBOT else f"{name} ({identity})" if name else identity

    @cached_property
    def runs(self) -> tuple[RunTold, ...]:
        """The runs in the order in which they were asked for."""
        found = [_run(each) for each in self.told if isinstance(each.state, Run) and each.state.requested_at]
        return tuple(sorted(found, key=lambda run: (run.began, run.run.id)))

    @cached_property
    def findings(self) -> tuple[tuple[Finding, tuple[Any, ...]], ...]:
        """The findings with their events, oldest first."""
        found = [(each.state, each.events) for each in self.told if isinstance(each.state, Finding)]
        return tuple(sorted(found, key=lambda pair: (pair[1][0].at, pair[0].id)))

    @cached_property
    def incidents(self) -> list[Told]:
        """The incidents in the order in which they were opened."""
        return sorted((each for each in self.of(Incident) if each.state.opened), key=lambda each: each.recorded[0].at)

    def link(self, name: str) -> object:
        """The id of a run or an incident; it leads there where that is told."""
        return tag("a", name, href=f"#{name}") if name in self._ids else name

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset({*(told.run.id for told in self.runs), *(each.state.id for each in self.incidents)})

    def of(self, kind: type) -> list[Told]:
        """The streams of a kind of state: Release, Tenant, Packs or Incident."""
        return [each for each in self.told if isinstance(each.state, kind)]

    @property
    def releases(self) -> list[Told]:
        """The last known good of each environment."""
        return self.of(Release)

    @property
    def tenants(self) -> list[Told]:
        """The tenants."""
        return self.of(Tenant)

    @property
    def packs(self) -> list[Told]:
        """The packs made before."""
        return self.of(Packs)

    @property
    def faults(self) -> list[str]:
        """What is wrong with the chains."""
        return [fault for each in self.told for fault in each.faults]


def read(selection: Selection, names: Mapping[Actor, str] | None = None) -> Book:
    """Fold every stream."""
    return Book(selection, tuple(_told(name, events) for name, events in selection.streams.items()), names or {})


def _told(stream: str, recorded: Sequence[Recorded]) -> Told:
    fold, wrong = folds().get(stream.partition("/")[0]), tuple(faults(recorded))
    try:
        if fold is None:
            raise ValueError(f"{stream}: of a kind that is not known")  # noqa: TRY301  # told like any other fault
        events, untold = _events(fold, recorded)
        state = fold.start(stream)
        for event in events:
            state = fold.evolve(state, event)
    except (ValueError, KeyError, TypeError, AssertionError) as fault:
        said = f"{stream}: its events can't be read ({type(fault).__name__})"
        return Told(stream, tuple(recorded), faults=(*wrong, said))
    return Told(stream, tuple(recorded), events, state, wrong, untold)


def _events(fold: Fold, recorded: Sequence[Recorded]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """The events as values, and the kinds of those that are not known here. Raises ValueError for other faults."""
    read, untold = [], []
    for each in recorded:
        try:
            read.append(fold.event_type.validate_json(each.data))
        except ValidationError as fault:
            first = fault.errors(include_url=False)[0]
            if first["type"] != "union_tag_invalid":
                raise
            untold.append(str(first["ctx"]["tag"]))
    return tuple(read), tuple(dict.fromkeys(untold))


def _run(told: Told) -> RunTold:
    approvals = tuple(event for event in told.events if isinstance(event, e.Approved))
    return RunTold(told.state, told.events, approvals, next(_waits(told), None))


def _waits(told: Told) -> Iterator[timedelta]:
    """How long each wait for approvals was that an approval ended; the last one counts, so it comes first."""
    fold, found = folds()["run"], []
    before = fold.start(told.stream)
    for event in told.events:
        after = fold.evolve(before, event)
        if isinstance(event, e.Approved) and before.waiting_since and not after.waits_for_approval:
            found.append(event.at - before.waiting_since)
        before = after
    yield from reversed(found)
