"""What can be said of the drills of a place, and what comes of it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.drills import events as e
from runbooks.drills.state import OVERDUE, SLOW, WELL, Drills
from runbooks.durations import WAY_BACK
from runbooks.vocabulary import OPSBOT, Actor


@dataclass(frozen=True)
class Want:
    """The catalogue wants one so often, in seconds; 0: none."""

    every: int
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Keep:
    """A drill is over. Fields as of the event."""

    run: str
    version: str
    back_to: str
    status: str
    asked_at: datetime
    back: timedelta | None = None
    whole: timedelta | None = None
    slowest: str = ""
    slowest_took: timedelta = timedelta()
    why: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class FallDue:
    """Say that none has ended well for too long, by this finding; one that says so is enough."""

    finding: str
    what: tuple[str, ...]
    by: Actor = OPSBOT


Command = Want | Keep | FallDue


def decide(drills: Drills, command: Command, now: datetime) -> list[e.Event]:
    """The events that the command causes; each is said once."""
    match command:
        case Want(every, by):
            wanted: list[e.Event] = [] if every == drills.every else [e.Wanted(by, now, every)]
            how = "No drill is due here by itself any more: the catalogue says so."
            return [*wanted, *([] if every else _made_good(drills, how, by, now, only=OVERDUE))]
        case FallDue(finding, what, by):
            return [] if drills.open(OVERDUE) else [e.FellShort(by, now, finding, what)]
        case Keep():
            return [] if any(each.run == command.run for each in drills.last) else list(_kept(drills, command, now))


def _kept(drills: Drills, command: Keep, now: datetime) -> Iterator[e.Event]:
    """A good one ends what earlier ones fell short of, and may fall short itself."""
    yield e.Drilled(
        command.by,
        now,
        run=command.run,
        version=command.version,
        back_to=command.back_to,
        status=command.status,
        asked_at=command.asked_at,
        back=_seconds(command.back),
        whole=_seconds(command.whole),
        slowest=command.slowest,
        slowest_took=command.slowest_took.total_seconds(),
        why=command.why,
    )
    if command.status != WELL or command.back is None:
        return
    back, slow = round(command.back.total_seconds()), command.back > WAY_BACK
    how = f"{command.run} took {drills.environment} forward to {command.version} and back in {back} s."
    yield from _made_good(drills, how, command.by, now)
    if slow:
        yield e.FellShort(command.by, now, f"{command.run}.{SLOW}", _slow(drills, command))


def _slow(drills: Drills, command: Keep) -> tuple[str, ...]:
    assert command.back is not None  # noqa: S101  # asked by its caller
    place = f"{drills.service} {drills.environment}"
    back, limit = command.back.total_seconds(), WAY_BACK.total_seconds()
    part = f"“{command.slowest}” took longest: {command.slowest_took.total_seconds():.0f} s."
    return (
        f"The way back of {place} took {back:.0f} s in {command.run}; it may take {limit:.0f} s.",
        *([part] if command.slowest else []),
        f"An emergency would take as long. A faster drill ends this: `/drill {place}`.",
    )


def _made_good(drills: Drills, how: str, by: Actor, now: datetime, *, only: str = "") -> list[e.Event]:
    found = [drills.open(only)] if only else drills.findings
    return [e.MadeGood(by, now, finding, how) for finding in found if finding]


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None
