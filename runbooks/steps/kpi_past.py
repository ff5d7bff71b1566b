"""What a KPI was while nobody looked, by one range query: judged as it would have been, look by look."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.steps.kpis import Metrics, Moments, Reading, judged, readings
from runbooks.steps.output import span
from runbooks.vocabulary import Json

_MOST = 1000  # moments of one query; a longer time is read in larger steps


@dataclass(frozen=True)
class Past:
    """What came of it: a fault that lasted, since when it is bad at the end, or why none of it can be known yet."""

    fault: str = ""
    since: datetime | None = None
    unknown: str = ""
    owed: datetime | None = None  # from when on it is still to be judged, where it is unknown


@dataclass(frozen=True)
class Unwatched:
    """A time without a look, and how it would have been looked at; a KPI may have been bad `since` before it."""

    start: datetime
    end: datetime
    every: timedelta
    grace: timedelta
    since: datetime | None = None


async def past(metrics: Metrics, source: str, kpi: Json, *, was: Reading, time: Unwatched) -> Past:
    """Read and judge it."""
    if was.value is None:
        return Past(unknown=was.why, owed=time.start)
    length = (time.end - time.start).total_seconds()
    step = math.ceil(max(time.every.total_seconds(), length / _MOST))  # whole, so that each moment is met exactly
    count = int(length // step)
    if not count:
        return Past(since=time.since)
    each = timedelta(seconds=step)
    found = await readings(metrics, source, kpi, Moments(time.start + each, time.start + count * each, each))
    if isinstance(found, Reading):
        return Past(unknown=found.why, owed=time.start)
    return judged_past(kpi, found, was=was, time=time)


def judged_past(kpi: Json, found: list[tuple[datetime, Reading]], *, was: Reading, time: Unwatched) -> Past:
    """The first time for which it was bad for as long as counts, if any."""
    since = time.since
    for at, reading in found:
        bad = judged(kpi, now=reading, was=was).bad
        since = (since or at) if bad else None
        if since and at - since >= time.grace:
            return Past(f"{bad}, for {span(at - since)} until {at:%H:%M:%S} UTC, when nobody looked", since)
    return Past(since=since)
