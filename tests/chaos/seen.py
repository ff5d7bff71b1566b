"""What a campaign came to, as values: what people did and were told, what is recorded, what outsiders counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commands.replies import NOT_KNOWN, NOT_RECORDED

_PASSING = (
    NOT_KNOWN,
    NOT_RECORDED,
    "Not recorded",
    "did not say who is in which group",
    "Others changed the same things",
)


def passing(text: str) -> bool:
    """Whether what somebody was told binds nobody: nothing is known to be recorded."""
    return any(part in text for part in _PASSING)


@dataclass(frozen=True)
class Told:
    """One gesture: what was meant by it, and what came back."""

    key: str  # under which the bot keeps its reply
    kind: str  # deploy, approve, reject, abort, rollback, confirm, unlock
    by: str  # as the bot names people: TEAM/USER
    at: float  # seconds since 1970
    sent: int = 1  # how often it was delivered
    said: tuple[str, ...] = ()
    accepted: bool = False  # acknowledged without a word, by a process that lived on
    run: str = ""  # on whose card it was made
    digest: str = ""
    service: str = ""
    version: str = ""
    shown: str = ""  # what the card said then

    @property
    def binding(self) -> frozenset[str]:
        """What the person was told that binds: that something was recorded."""
        return frozenset(text for text in self.said if not passing(text))


@dataclass(frozen=True)
class Ran:
    """One run, by its events."""

    id: str
    command: str
    service: str
    version: str
    requester: str
    status: str
    over: bool
    ended_at: float | None  # seconds since 1970
    fenced_at: float | None = None  # of one that a rollback superseded: when that had taken over its targets
    because: str = ""
    plans: tuple[tuple[float, str, str], ...] = ()  # when it was made, its digest, its commit
    events: tuple[tuple[str, str], ...] = ()  # kind, by whom


@dataclass(frozen=True)
class Effect:
    """What an outsider saw: `target` was given `what` by `run`."""

    target: str
    run: str
    what: str
    at: float


@dataclass(frozen=True)
class Hold:
    """Deploys of a service were held after a rollback, from then until then; None: they are still."""

    service: str
    since: float
    until: float | None = None


@dataclass(frozen=True)
class Schema:
    """What stands in a service's database, by its own triggers: migration -> how often each thing was seen."""

    service: str
    times: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Seen:
    """All of it, once everything was quiet again."""

    told: Sequence[Told]
    inbox: Mapping[str, Mapping[str, object]]  # key -> reply
    runs: Mapping[str, Ran]
    effects: Sequence[Effect]  # oldest first
    schemas: Sequence[Schema]
    images: Mapping[str, str]  # service -> the version that its Deployment has now
    wanted: Mapping[str, Sequence[str]]  # key of a message that must stand -> what it may show; () for anything
    stands: Mapping[str, Sequence[str]]  # key of a message that stands -> what each copy of it shows
    approvers: frozenset[str]
    stored: Sequence[str] = ()  # what `verify` says of the records
    stuck: Sequence[str] = ()  # runs that went on no more
    holds: Sequence[Hold] = ()
