"""A room small enough to see through: a counter that may hold targets and wants to be looked at after a while."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from runbooks.audit.chain import link
from runbooks.digests import canonical
from runbooks.store import Append, Changes, Fold, Lease, Store, Stored, Work
from runbooks.vocabulary import Actor

ANN = Actor("T0TEST/U0ANN")
START = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@dataclass(frozen=True)
class Added:
    by: Actor
    at: datetime
    amount: int
    holds: tuple[str, ...] = ()
    look_after: int | None = None  # seconds
    note: str = ""
    kind: Literal["added"] = "added"


@dataclass(frozen=True)
class Counter:
    name: str
    total: int = 0
    holds: tuple[str, ...] = ()
    due: datetime | None = None
    notes: tuple[str, ...] = ()


def evolve(state: Counter, event: Added) -> Counter:
    due = None if event.look_after is None else event.at + timedelta(seconds=event.look_after)
    notes = (*state.notes, event.note) if event.note else state.notes
    return replace(state, total=state.total + event.amount, holds=event.holds, due=due, notes=notes)


COUNTER = Fold(
    name="counter",
    number=1,
    start=lambda stream: Counter(stream.partition("/")[2]),
    evolve=evolve,
    events=Added,
    states=Counter,
    held=lambda state: frozenset(state.holds),
    due=lambda state: state.due,
)
FOLDS: Mapping[str, Fold] = {"counter": COUNTER}


def appended(stream: str, stored: Stored, *events: Added) -> Append:
    """These events on top of what was read, as the engine would put them together."""
    state, head, links = stored.state, stored.head, []
    for version, event in enumerate(events, start=stored.version + 1):
        data = canonical(COUNTER.event_type.dump_python(event, mode="json"))
        links.append(link(stream=stream, version=version, data=data, actor=event.by, at=event.at, previous=head))
        state, head = evolve(state, event), links[-1].hash
    return Append(stream, tuple(links), state, frozenset(state.holds), state.due)


def added(amount: int = 1, *, at: datetime = START, **more: Any) -> Added:
    return Added(ANN, at, amount, **more)


async def read(store: Store, stream: str) -> Stored:
    return (await store.read([stream])).streams[stream]


async def add(store: Store, stream: str, *events: Added, lease: Lease | None = None, **more: Any) -> Stored:
    """Read, append, commit; what stands afterwards."""
    await store.commit(Changes(appends=(appended(stream, await read(store, stream), *events),), **more), lease)
    return await read(store, stream)


def work(stream: str) -> Work:
    return Work("counter", stream)


class TestClock:
    """A clock that stands until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
