"""The one storage Protocol, and the values that cross it. A leaf: any room's state can be kept by it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from pydantic import TypeAdapter

from runbooks.vocabulary import Actor


class Conflict(Exception):
    """A stream moved since it was read: decide again, keep the outcome in hand."""


class LeaseLost(Exception):
    """The lease's epoch is void: somebody else holds this work now. Drop it."""


class TargetBusy(Exception):
    """Another stream holds a target that this commit wanted."""


class Duplicate(Exception):
    """This inbox key was recorded before."""


class StoreUnavailable(Exception):
    """The database did not answer. `unknown`: a commit was under way, so whether it was recorded is not known."""

    def __init__(self, detail: str, *, unknown: bool = False) -> None:
        super().__init__(detail)
        self.unknown = unknown


class OlderRelease(StoreUnavailable):
    """A newer release moved this stream in a way that ours can't read, as during an update: others must do it."""


@dataclass(frozen=True)
class Fold:
    """How the streams of one room are read: `number` rises with every change of `evolve` or the state's shape.

    `held`, `due` and `outstanding` derive from a state what it reserves, when it wants to be looked at, and whether
    it still asks for somebody.
    """

    name: str  # the prefix of its streams: "run" in "run/D-7"
    number: int
    start: Callable[[str], Any]
    evolve: Callable[[Any, Any], Any]
    events: Any  # the union of event dataclasses
    states: Any
    held: Callable[[Any], frozenset[str]] = lambda _: frozenset()
    due: Callable[[Any], datetime | None] = lambda _: None
    outstanding: Callable[[Any], bool] = lambda _: False

    @cached_property
    def event_type(self) -> TypeAdapter[Any]:
        """Reads and writes events; built once, since building is slow."""
        return TypeAdapter(self.events)

    @cached_property
    def state_type(self) -> TypeAdapter[Any]:
        """Reads and writes states; built once, since building is slow."""
        return TypeAdapter(self.states)


@dataclass(frozen=True)
class Recorded:
    """One event as it stands in its stream; `data` is the exact text that was hashed."""

    stream: str
    version: int  # 1 is the stream's first
    data: str
    actor: Actor
    at: datetime
    previous: str
    hash: str


@dataclass(frozen=True)
class Stored:
    """A stream as read: its state, how many events made it, and the hash of the last ("" before the first)."""

    state: Any
    version: int = 0
    head: str = ""


@dataclass(frozen=True)
class Snapshot:
    """What one read found."""

    streams: Mapping[str, Stored]  # those that were asked for, and the holders
    holders: Mapping[str, str]  # target -> stream that holds it
    reply: Mapping[str, Any] | None  # first reply to this inbox key
    number: int = 0  # the next one, where it was asked for


@dataclass(frozen=True)
class Append:
    """New events of one stream, and what follows from its new state."""

    stream: str
    events: tuple[Recorded, ...]
    state: Any
    held: frozenset[str] = frozenset()
    due: datetime | None = None


@dataclass(frozen=True)
class Inbox:
    """A request's key and the reply it got."""

    key: str
    reply: Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """One row of work: a kind ("run", "messages", "record") and the stream it concerns."""

    kind: str
    key: str


@dataclass(frozen=True)
class Changes:
    """One commit. `reads` must still stand at their versions; `revoke` voids the leases of these works."""

    inbox: Inbox | None = None
    appends: tuple[Append, ...] = ()
    reads: Mapping[str, int] = field(default_factory=dict)
    wake: tuple[Work, ...] = ()
    revoke: tuple[Work, ...] = ()


@dataclass(frozen=True)
class Lease:
    """A claim of work: its epoch is higher than that of every claim before it, of anything."""

    work: Work
    epoch: int
    wakes: int
    until: datetime
    lapsed: bool = False  # the holder before did not let go of it
    late: timedelta = timedelta()  # how long it was due before it was claimed
    owed: timedelta = timedelta()  # how long something of it was not done before it was claimed


class Store(Protocol):
    """Streams, work, reservations, inbox and blobs; every promise is kept by a constraint."""

    async def read(
        self, streams: Sequence[str], *, targets: Sequence[str] = (), inbox: str | None = None, number: bool = False
    ) -> Snapshot:
        """States with versions, holders of targets with theirs, first reply to a key, a number: one round trip."""
        ...

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        """Everything or nothing. Raises Conflict, LeaseLost, TargetBusy, Duplicate, StoreUnavailable."""
        ...

    async def number(self) -> int:
        """The next number for a run's or finding's id; gaps are possible, repeats are not."""
        ...

    async def history(self, stream: str) -> list[Recorded]:
        """All events of a stream, oldest first."""
        ...

    async def latest(self, prefix: str, limit: int) -> list[tuple[str, Any]]:
        """The newest streams whose name starts so, with their states, newest first."""
        ...

    async def outstanding(self, room: str, limit: int) -> list[Any]:
        """The states of a room's streams that still ask for somebody, whatever their age; newest first."""
        ...

    async def claim(self, kinds: Sequence[str], *, prefix: str = "") -> Lease | None:
        """Lease the work that is due longest, its key beginning so, under a new epoch; None where nothing is due."""
        ...

    async def renew(self, lease: Lease) -> Lease:
        """Hold on to it; LeaseLost where it is void."""
        ...

    async def finish(self, lease: Lease, due: datetime | None) -> None:
        """Let go of it. It is looked at again at `due` (None: never), or at once where it was woken meanwhile."""
        ...

    async def leased(self, work: Work) -> bool:
        """Whether somebody's lease on it, void or not, may still be running."""
        ...

    async def put(self, data: bytes) -> str:
        """Keep a blob; answers its SHA-256 in hex."""
        ...

    async def get(self, digest: str) -> bytes:
        """A blob by its digest; KeyError where there is none."""
        ...
