"""`kpi.baseline`: the service's KPIs after the deploy, held against what they were before it began.

It waits until a window has passed since the deploy, so that what it compares lies wholly after it. No data fails.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.kpis import Metrics, Reading, Verdict, baseline, judged, planned, promise, read, to_know, windowed
from runbooks.steps.output import span
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending, PlanningFailed

_AGAIN = timedelta(seconds=2)


class KpiBaseline(Step):
    """Compares the window after the deploy with the one before it."""

    uses = "kpi.baseline"
    cut = Cut.IDEMPOTENT
    finding = "deploy-failed"

    def __init__(self, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._metrics = metrics
        self._clock = clock

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # it has no keys of its own
        """Which queries; each is tried, so that a wrong one is told before anything changes."""
        kpis, source = planned(site), site.environment.prometheus
        if why := unmeasured(site):
            return Resolved().by("confirm").noted(why)
        assert source is not None  # noqa: S101  # unmeasured otherwise
        readings = await self._tried(kpis, source)
        longest = max(kpi["window"] for kpi in kpis)
        wanted = {"prometheus": source, "kpis": kpis, "window": longest}
        grace = site.environment.watch.grace.total_seconds()
        shows = (_promised(kpi, reading) for kpi, reading in zip(kpis, readings, strict=True))
        return Resolved({**wanted, "grace": grace}, shows=tuple(shows))

    async def _tried(self, kpis: list[Json], source: str) -> list[Reading]:
        now = self._clock()
        readings = await asyncio.gather(*(read(self._metrics, source, kpi, now) for kpi in kpis))
        for kpi, reading in zip(kpis, readings, strict=True):
            if reading.lasting:
                fault = f"The KPI “{kpi['title']}” can't be asked for: {reading.why}."
                raise PlanningFailed(f"{fault} Correct {reading.mend} in the catalogue.")
        return readings

    async def start(self, turn: Turn) -> Outcome:
        """Wait until the window after the deploy is whole."""
        return await self._look(turn)

    async def check(self, turn: Turn, token: Json) -> Outcome:  # noqa: ARG002  # the intent's time says it all
        """Look, once the time has come."""
        return await self._look(turn)

    async def _look(self, turn: Turn) -> Outcome:
        window, grace = (timedelta(seconds=turn.step.params[key]) for key in ("window", "grace"))
        end = turn.began_at + window
        if turn.now < end:
            measures = any(map(windowed, turn.step.params["kpis"]))
            return Pending(end, f"measures for {span(window)}" if measures else f"looks after {span(window)}")
        verdicts = await self._verdicts(turn, end)
        unknown = next((v for v in verdicts if not v.known and not _for_good(v)), None)
        if unknown is not None and turn.now < end + grace:
            return Pending(turn.now + _AGAIN, f"{unknown.bad}; looks again")
        return _outcome(verdicts)

    async def _verdicts(self, turn: Turn, end: datetime) -> list[Verdict]:
        kpis, source = turn.step.params["kpis"], turn.step.params["prometheus"]
        began = turn.changed_at or turn.began_at
        now, was = await asyncio.gather(
            asyncio.gather(*(read(self._metrics, source, kpi, end) for kpi in kpis)),
            asyncio.gather(*(baseline(self._metrics, source, kpi, began=began) for kpi in kpis)),
        )
        return [judged(kpi, now=n, was=w) for kpi, n, w in zip(kpis, now, was, strict=True)]


def unmeasured(site: Site) -> str:
    """Why a person must say that the KPIs are well; "" where Prometheus can."""
    where = f"{site.service_name} in {site.environment_name}"
    if not site.service.kpis:
        return f"the catalogue declares no KPIs of {site.service_name}, so a person says that they are well"
    if not site.environment.prometheus:
        return f"the catalogue names no `prometheus` for {where}, so a person says that its KPIs are well"
    return ""


def _promised(kpi: Json, reading: Reading) -> str:
    """How it will be judged; and who approves is to know where that can't be done yet."""
    if reading.value is not None:
        return promise(kpi)
    return f"{promise(kpi)} · not known now, since {reading.why}: the deploy fails if that stays so"


def _for_good(verdict: Verdict) -> bool:
    return verdict.now.lasting or verdict.was.lasting


def _outcome(verdicts: list[Verdict]) -> Outcome:
    evidence = {"kpis": [verdict.evidence for verdict in verdicts]}
    if bad := [verdict.bad for verdict in verdicts if verdict.bad]:
        said = "; ".join(bad)
        return Failed(f"{said[:1].upper()}{said[1:]}.{to_know(evidence['kpis'])}", evidence)
    return Done(" · ".join(verdict.line for verdict in verdicts), evidence)


def known_baselines(turn: Turn) -> dict[str, Reading]:
    """The baselines that an earlier step of this run has read, by the KPI's name."""
    found = [kpi for evidence in turn.evidence.values() for kpi in evidence.get("kpis") or ()]
    return {kpi["name"]: Reading(float(kpi["was"])) for kpi in found if kpi.get("was") is not None}
