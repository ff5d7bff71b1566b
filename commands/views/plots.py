"""What is drawn of a run: its KPIs before and after the deploy, as values; drawing them is the process's work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commands.views import words
from runbooks.catalogue import Direction
from runbooks.runs.state import Run
from runbooks.steps.kpis import number
from runbooks.vocabulary import Done, Failed, Json, PlannedStep

_MOST = 6  # KPIs in one picture

Points = tuple[tuple[float, float | None], ...]
"""Unix time and value; None where there was none."""


@dataclass(frozen=True)
class Panel:
    """One KPI, or what drills took: its way, the bound that it was held to, and what is said of it."""

    title: str
    said: str
    bound: str
    limit: float | None
    good: bool
    verdict: str
    before: Points
    after: Points
    divided: bool = True  # by a deploy; else `after` is all there is, over days


@dataclass(frozen=True)
class Picture:
    """A few panels, one below the other; `alt` says the same in words."""

    name: str
    alt: str
    panels: tuple[Panel, ...]


def pictures(run: Run) -> Iterator[tuple[str, str, Picture]]:
    """For each step that measured KPIs and is over: the message's name, its text, and the picture."""
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        outcome = state.outcome if state else None
        if isinstance(outcome, Done | Failed) and (kpis := outcome.evidence.get("kpis")):
            yield f"kpis/{step.id}", f"{run.id} · {words.short(step.title)}", _picture(run, step, kpis[:_MOST])


def _picture(run: Run, step: PlannedStep, kpis: list[Json]) -> Picture:
    panels = tuple(map(_panel, kpis))
    alt = "; ".join(f"{panel.title}: {panel.said}, {panel.bound}" for panel in panels)
    return Picture(f"{run.id}-{step.id}.png", words.line(alt, 1900), panels)


def _panel(kpi: Mapping[str, Any]) -> Panel:
    now, was, limit = kpi["now"], kpi["was"], kpi["limit"]
    higher = kpi["direction"] == Direction.HIGHER
    good = now is not None and limit is not None and (now >= limit if higher else now <= limit)
    bound = f"at {'least' if higher else 'most'} {number(limit, kpi)}" if limit is not None else "no baseline"
    shown = [number(value, kpi) if value is not None else "not known" for value in (now, was)]
    return Panel(
        title=kpi["title"],
        said=f"{shown[0]}, was {shown[1]}",
        bound=bound,
        limit=limit,
        good=good,
        verdict="well" if good else "worse than it may be" if None not in (now, was) else "not known",
        before=tuple((at, value) for at, value in kpi["before"]),
        after=tuple((at, value) for at, value in kpi["after"]),
    )
