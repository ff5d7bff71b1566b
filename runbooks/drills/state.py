"""The drills of a place as their events made them: when the next one is due, and from when on it is overdue."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runbooks.drills import events as e

KEPT = 40  # drills that are shown
WELL = "succeeded"
OVERDUE, SLOW = "drill-overdue", "drill-slow"
"""The rows of the escalation table."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Drills:
    """The stream `drill/SERVICE/ENVIRONMENT`."""

    service: str
    environment: str
    every: int = 0  # seconds; 0: none is due by itself
    since: datetime | None = None  # when they began to be wanted so
    last: tuple[e.Drilled, ...] = ()  # oldest first
    good_at: datetime | None = None  # the end of the last that ended well
    findings: tuple[str, ...] = ()  # those that hold

    @property
    def latest(self) -> e.Drilled | None:
        """The last one, well or not."""
        return self.last[-1] if self.last else None

    def open(self, name: str) -> str:
        """The finding of this row that holds; "" where none does."""
        return next((each for each in self.findings if each.partition(".")[2] == name), "")


def stream_of(service: str, environment: str) -> str:
    """The stream's name."""
    return f"drill/{service}/{environment}"


def start(stream: str) -> Drills:
    """Before the first event."""
    _, service, environment = stream.split("/")
    return Drills(service, environment)


def evolve(drills: Drills, event: e.Event) -> Drills:
    """The drills after the event."""
    match event:
        case e.Wanted(at=at, every=every):
            since = (drills.since or at) if every else None
            return replace(drills, every=every, since=since)
        case e.Drilled(at=at, status=status):
            good_at = at if status == WELL else drills.good_at
            return replace(drills, last=(*drills.last, event)[-KEPT:], good_at=good_at)
        case e.FellShort(finding=finding):
            return replace(drills, findings=(*drills.findings, finding))
        case e.MadeGood(finding=finding):
            return replace(drills, findings=tuple(each for each in drills.findings if each != finding))


def proven_at(drills: Drills) -> datetime | None:
    """From when the time to the next one counts: the last good one, or when they began to be wanted."""
    return max((at for at in (drills.good_at, drills.since) if at), default=None)


def due(drills: Drills) -> datetime | None:
    """When the next one is to begin by itself; None where none is wanted.

    After one that did not end well it is tried again a day later, or sooner where they are due more often.
    """
    counts = proven_at(drills)
    if not drills.every or counts is None:
        return None
    every, latest = timedelta(seconds=drills.every), drills.latest
    again = latest.at + min(every, _DAY) if latest is not None and latest.status != WELL else counts
    return max(counts + every, again)


def late_at(drills: Drills) -> datetime | None:
    """From when on it is overdue: a day after it was due, or half its time where that is less."""
    counts = proven_at(drills)
    if not drills.every or counts is None:
        return None
    every = timedelta(seconds=drills.every)
    return counts + every + min(every / 2, _DAY)
