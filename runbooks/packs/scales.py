"""Scales of plots: moments along the period, lengths of time by their order of magnitude."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from runbooks.packs.period import Period

WIDTH, LEFT, RIGHT = 860.0, 72.0, 16.0
_MARKS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 86400, 7 * 86400, 30 * 86400)  # seconds
_NAMES = ("1 s", "5 s", "15 s", "1 min", "5 min", "15 min", "1 h", "4 h", "1 day", "1 week", "30 days")
_LABELS = 8  # dates along the period, at most


@dataclass(frozen=True)
class Time:
    """From left to right: the period, all of it, whether or not anything happened."""

    period: Period

    def x(self, at: datetime) -> float:
        """Where a moment stands; what was before the period stands at its start."""
        whole = self.period.until - self.period.since
        share = (at - self.period.since) / whole
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def days(self) -> list[date]:
        """The days that are named, evenly apart."""
        days = (self.period.last - self.period.first).days + 1
        every = math.ceil(days / _LABELS)
        return [self.period.first + timedelta(days=n) for n in range(0, days, every)]


@dataclass(frozen=True)
class Lengths:
    """From bottom to top: seconds, so that ten times as long is always the same step."""

    low: float
    high: float
    top: float
    bottom: float

    def y(self, length: timedelta) -> float:
        """Where a length stands."""
        seconds = min(self.high, max(self.low, length.total_seconds()))
        share = math.log(seconds / self.low) / math.log(self.high / self.low)
        return self.bottom - share * (self.bottom - self.top)

    def marks(self) -> list[tuple[float, str]]:
        """The lengths that are named, with where they stand."""
        found = [(n, name) for n, name in zip(_MARKS, _NAMES, strict=True) if self.low <= n <= self.high]
        return [(self.y(timedelta(seconds=n)), name) for n, name in found]


def lengths(values: Sequence[timedelta], *, top: float, bottom: float) -> Lengths:
    """A scale from a mark at or below the shortest to one at or above the longest, two marks at least."""
    seconds = [value.total_seconds() for value in values] or [60.0]
    below = max((n for n, mark in enumerate(_MARKS) if mark <= min(seconds)), default=0)
    above = min((n for n, mark in enumerate(_MARKS) if mark >= max(seconds)), default=len(_MARKS) - 1)
    if above <= below:
        below, above = (below, below + 1) if below + 1 < len(_MARKS) else (below - 1, below)
    return Lengths(float(_MARKS[below]), float(_MARKS[above]), top, bottom)
