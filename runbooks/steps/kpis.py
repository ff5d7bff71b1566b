"""KPIs as steps use them: planned, read from Prometheus at the end of a window, and held against a baseline.

What can't be read is no zero: a reading without a value says why, and nothing without a value is good.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from runbooks.catalogue import Direction, Kpi, Tolerance
from runbooks.steps.base import Site
from runbooks.steps.output import one_line, span
from runbooks.vocabulary import Json, Unreachable

_POINTS = 30  # in a window
_HISTORY_POINTS = 60
_THOUSAND = 1000
_SAID = 300  # characters of what Prometheus says
_QUERY, _ADDRESS = "its `query`", "`prometheus`"  # what of the catalogue is to be mended


@dataclass(frozen=True)
class Moments:
    """When a query is evaluated: every `step` from `start` to `end`."""

    start: datetime
    end: datetime
    step: timedelta


@dataclass(frozen=True)
class Series:
    """One series that a query gives: Unix time and value, in order."""

    points: tuple[tuple[float, float], ...]


class QueryRefused(Exception):
    """Prometheus understood, or will never understand, and does not answer: its own message."""


class NoPrometheus(Exception):
    """What the catalogue names is no Prometheus that lets us in: a clause that says what it is."""


class Metrics(Protocol):
    """Asks Prometheus."""

    async def range(self, source: str, query: str, moments: Moments) -> tuple[Series, ...]:
        """The series of a query. `source` is an address, or the variable that holds it.

        Raises QueryRefused, NoPrometheus; Unreachable where it is away or too slow.
        """
        ...


@dataclass(frozen=True)
class Reading:
    """A KPI at one moment: its value, or why there is none, as a clause."""

    value: float | None = None
    why: str = ""
    mend: str = ""  # what of the catalogue is wrong, where looking again can't help
    points: tuple[tuple[int, float | None], ...] = ()  # Unix time, value; over the window before

    @property
    def lasting(self) -> bool:
        """Whether looking again can't help."""
        return bool(self.mend)

    @property
    def away(self) -> bool:
        """Whether no Prometheus answered."""
        return self.mend == _ADDRESS or self.why.startswith("Prometheus does not answer")


@dataclass(frozen=True)
class Verdict:
    """One KPI after a deploy against its baseline; `bad` is a sentence without its full stop, "" where it is well."""

    kpi: Json
    now: Reading
    was: Reading
    bad: str

    @property
    def known(self) -> bool:
        """Whether both values could be read."""
        return self.now.value is not None and self.was.value is not None

    @property
    def line(self) -> str:
        """`error rate 0.2 % (was 0.3 %)`."""
        return f"{self.kpi['title']} {shown(self.now, self.kpi)} ({compared(self.kpi)} {shown(self.was, self.kpi)})"

    @property
    def evidence(self) -> Json:
        """What is kept of it."""
        named = {key: self.kpi[key] for key in ("name", "title", "unit", "direction", "window")}
        allowed = limit(self.kpi, self.was.value) if self.was.value is not None else None
        values = {"now": self.now.value, "was": self.was.value, "limit": allowed}
        return {**named, **values, "before": list(self.was.points), "after": list(self.now.points)}


def planned(site: Site) -> list[Json]:
    """The service's KPIs with their queries filled in, as a plan keeps them."""
    return [_planned(name, kpi, site) for name, kpi in site.service.kpis.items()]


def _planned(name: str, kpi: Kpi, site: Site) -> Json:
    place = site.environment
    query = kpi.query_in(service=site.service_name, environment=site.environment_name, namespace=place.namespace)
    return {
        "name": name,
        "title": kpi.title,
        "query": query,
        "unit": kpi.unit,
        "direction": kpi.direction.value,
        "tolerance": kpi.tolerance.amount,
        "percent": kpi.tolerance.percent,
        "baseline": kpi.baseline,
        "window": kpi.window.total_seconds(),
        "windowed": kpi.windowed,
    }


async def read(metrics: Metrics, source: str, kpi: Json, end: datetime) -> Reading:
    """The KPI at `end`, over the window before it."""
    window = timedelta(seconds=kpi["window"])
    step = window / min(_POINTS, int(kpi["window"]))
    found = await _asked(metrics, source, kpi, Moments(end - window, end, step))
    if isinstance(found, Reading):
        return found
    there = found and found[-1][0] > (end - step).timestamp()
    return replace(_of(found[-1][1] if there else None), points=_kept(found))


async def readings(
    metrics: Metrics, source: str, kpi: Json, moments: Moments
) -> list[tuple[datetime, Reading]] | Reading:
    """The KPI at each moment; a Reading that says why where none of them can be had."""
    found = await _asked(metrics, source, kpi, moments)
    if isinstance(found, Reading):
        return found
    first, step = moments.start.timestamp(), moments.step
    values = {round((at - first) / step.total_seconds()): value for at, value in found}
    number_of = round((moments.end - moments.start) / step) + 1
    return [(moments.start + number * step, _of(values.get(number))) for number in range(number_of)]


async def _asked(
    metrics: Metrics, source: str, kpi: Json, moments: Moments
) -> tuple[tuple[float, float], ...] | Reading:
    """The points of its one series, none where there is no data; a Reading that says why it can't be asked for."""
    try:
        found = await metrics.range(source, kpi["query"], moments)
    except QueryRefused as refused:
        return Reading(why=f"Prometheus refuses its query: {one_line(str(refused), _SAID)}", mend=_QUERY)
    except NoPrometheus as cause:
        return Reading(why=str(cause), mend=_ADDRESS)
    except Unreachable as cause:
        return Reading(why=f"{cause.what} does not answer" + (f" ({cause.detail})" if cause.detail else ""))
    if len(found) > 1:
        why = f"its query gives {len(found)} series where one is needed: put `sum(...)` or the like around it"
        return Reading(why=why, mend=_QUERY)
    return found[0].points if found else ()


def _of(value: float | None) -> Reading:
    if value is None:
        return Reading(why="there is no data")
    if not math.isfinite(value):
        what = "NaN" if math.isnan(value) else "infinite"
        return Reading(why=f"its query gives no number ({what}): it divides by zero where nothing is counted")
    return Reading(value)


def _kept(points: tuple[tuple[float, float], ...]) -> tuple[tuple[int, float | None], ...]:
    """As JSON can hold them."""
    return tuple((round(at), value if math.isfinite(value) else None) for at, value in points)


async def baseline(metrics: Metrics, source: str, kpi: Json, *, began: datetime) -> Reading:
    """What the KPI is held against: a fixed number, or what it was when the deploy began."""
    if kpi["baseline"] != "before":
        return Reading(float(kpi["baseline"]))
    return await read(metrics, source, kpi, began)


async def history(
    metrics: Metrics, source: str, kpi: Json, *, start: datetime, end: datetime
) -> tuple[tuple[int, float | None], ...]:
    """The KPI over a longer time, to be drawn; empty where it can't be had."""
    step = max((end - start) / _HISTORY_POINTS, timedelta(seconds=1))
    try:
        found = await metrics.range(source, kpi["query"], Moments(start, end, step))
    except (QueryRefused, NoPrometheus, Unreachable):
        return ()
    return _kept(found[0].points) if len(found) == 1 else ()


def judged(kpi: Json, *, now: Reading, was: Reading) -> Verdict:
    """Whether it is well; without both values it is not."""
    return Verdict(kpi, now, was, _bad(kpi, now, was))


def _bad(kpi: Json, now: Reading, was: Reading) -> str:
    if was.value is None:
        span_of_it = f"from the {_window(kpi)} " if windowed(kpi) else ""
        return f"{kpi['title']}: no baseline {span_of_it}before the deploy, since {was.why}"
    if now.value is None:
        return f"{kpi['title']}: no value, since {now.why}"
    allowed = limit(kpi, was.value)
    higher = kpi["direction"] == Direction.HIGHER
    if (now.value >= allowed) if higher else (now.value <= allowed):
        return ""
    bound = f"at {'least' if higher else 'most'} {number(allowed, kpi)}"
    said = f"{kpi['title']}: {shown(now, kpi)}, {compared(kpi)} {shown(was, kpi)} ({bound})"
    nothing = kpi["percent"] and was.value == 0
    return said + (
        ", since percent of a baseline of 0 allow nothing: give its tolerance in its unit" if nothing else ""
    )


def to_know(found: Iterable[Json]) -> str:
    """What to do where one of these, as kept, is not known; "" where all are."""
    if all(kpi[key] is not None for kpi in found for key in ("now", "was")):
        return ""
    return " What is not known is not well: `opsbot doctor` asks for each KPI, and says how to mend it."


def limit(kpi: Mapping[str, Any], baseline: float) -> float:
    """The worst value that is still well."""
    allowed = Tolerance(kpi["tolerance"], kpi["percent"]).of(baseline)
    return baseline - allowed if kpi["direction"] == Direction.HIGHER else baseline + allowed


def compared(kpi: Mapping[str, Any]) -> str:
    """The word before its baseline."""
    return "was" if kpi["baseline"] == "before" else "baseline"


def shown(reading: Reading, kpi: Mapping[str, Any]) -> str:
    """A value with its unit, as people read it."""
    return "not known" if reading.value is None else number(reading.value, kpi)


def number(value: float, kpi: Mapping[str, Any]) -> str:
    """Three digits that count, and the unit: `0.213 %`, `48 ms`, `12,400`."""
    text = f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:.3g}"
    if "e" in text:
        text = f"{value:.6f}".rstrip("0").rstrip(".")
    return f"{text} {kpi['unit']}".rstrip()


def windowed(kpi: Mapping[str, Any]) -> bool:
    """Whether its query measures over its window; plans of an older release don't say, and read as if it did."""
    return bool(kpi.get("windowed", True))


def _window(kpi: Mapping[str, Any]) -> str:
    return span(timedelta(seconds=kpi["window"]))


def promise(kpi: Mapping[str, Any]) -> str:
    """How it will be judged, for the plan: `error rate: at most 0.5 % worse than before the deploy, over 5 m`.

    Where its query does not use the window, what it measures over is its own matter, so nothing is said of it.
    """
    amount = f"{kpi['tolerance']:g} % of it" if kpi["percent"] else number(kpi["tolerance"], kpi)
    against = "before the deploy" if kpi["baseline"] == "before" else number(float(kpi["baseline"]), kpi)
    over = f", over {_window(kpi)}" if windowed(kpi) else ""
    return f"{kpi['title']}: at most {amount} worse than {against}{over}"
