"""`watch`: looks on for a while after a deploy, at health, pods and KPIs; a bad sign that lasts fails it at once.

Signs that take turns last as one does, and a watch that was bad at most of its looks does not end well.

Every look is recorded, so that a watch cut off by a restart goes on to the same end. It tells when nobody looked; the
KPIs of that time are read and judged afterwards, health and pods can't be.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.http_health import Http, is_good, said
from runbooks.steps.kpi_baseline import known_baselines, unmeasured
from runbooks.steps.kpi_past import Past, past
from runbooks.steps.kpis import Metrics, Reading, Verdict, baseline, history, judged, planned, read, to_know
from runbooks.steps.kubernetes.watched import CHANGED, PODS, Shown, look_at, restarted
from runbooks.steps.kubernetes.workloads import Workloads
from runbooks.steps.output import span
from runbooks.steps.watch_signs import (
    KPI,
    Fault,
    caught_up,
    lasting,
    mostly_bad,
    noted,
    of_the_past,
    seconds,
    until,
    unwatched,
)
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending

_PATIENCE = timedelta(seconds=5)  # for one answer


class Watch(Step):
    """Looks at every path, the released pods and every KPI again and again, for the environment's `watch`."""

    uses = "watch"
    cut = Cut.IDEMPOTENT
    finding = "health-failing"

    def __init__(self, http: Http, metrics: Metrics, workloads: Workloads) -> None:
        self._http = http
        self._metrics = metrics
        self._workloads = workloads

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # it has no keys of its own
        """What is looked at, how often and how long."""
        place, without = site.environment, unmeasured(site)
        paths = [f"/{path.lstrip('/')}" for path in place.health.paths] if place.url else []
        kpis = [] if without else planned(site)
        length = span(place.watch.length)
        if not paths and not kpis:
            why = "the catalogue names no health paths and no KPIs that could be asked for"
            return Resolved().by("confirm").noted(f"{why}, so a person looks on for {length}")
        looks_at = [*paths, "pods", *(kpi["title"] for kpi in kpis)]
        every, grace = span(place.watch.every), span(place.watch.grace)
        alone = ["no health path can be asked for"] * (not paths) + ["no KPI can be asked for"] * (not kpis)
        line = f"{', '.join(looks_at)} · every {every} for {length} · a bad sign counts after {grace}"
        return Resolved(
            {
                "url": (place.url or "").rstrip("/"),
                "paths": paths,
                "prometheus": place.prometheus,
                "kpis": kpis,
                "for": place.watch.length.total_seconds(),
                "every": place.watch.every.total_seconds(),
                "grace": place.watch.grace.total_seconds(),
            },
            shows=(line, *alone),
        )

    async def start(self, turn: Turn) -> Outcome:
        """The first look; one that begins anew after a cut still ends when the first was to end."""
        was = {name: reading.value for name, reading in known_baselines(turn).items()}
        return await self._look(turn, {"looked": turn.began_at.isoformat(), "was": was})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """One look more."""
        return await self._look(turn, token)

    async def _look(self, turn: Turn, token: Json) -> Outcome:
        health, shown, verdicts = await asyncio.gather(
            self._health(turn), look_at(self._workloads, turn), self._verdicts(turn, token)
        )
        pasts = await self._pasts(turn, token, verdicts)
        restarts, of_pods = _of_pods(turn, token, shown)
        signs = {**health, **of_pods, **_of_kpis(verdicts, pasts)}
        kept = _kept(verdicts, pasts) | {"pods": restarts, "blind": token.get("blind", 0) + bool(shown.silent)}
        seen = noted(turn, caught_up(token, pasts), signs, kept)
        ends = turn.now >= until(turn) and not signs
        if fault := of_the_past(pasts) or lasting(turn, seen) or (mostly_bad(turn, seen) if ends else None):
            return _failed(turn, fault, await self._evidence(turn, seen, verdicts))
        if ends and shown.silent:
            raise shown.silent  # it can't end well while nobody knows how its pods are
        if ends:
            return Done(_well(turn, seen, verdicts), await self._evidence(turn, seen, verdicts))
        return _again(turn, seen, signs, shown)

    async def _pasts(self, turn: Turn, token: Json, verdicts: list[Verdict]) -> dict[str, Past]:
        """What each KPI was since it was last known, where that is too long ago."""
        times, source = unwatched(turn, token), turn.step.params["prometheus"]
        late = [verdict for verdict in verdicts if verdict.kpi["name"] in times]
        found = await asyncio.gather(
            *(past(self._metrics, source, v.kpi, was=v.was, time=times[v.kpi["name"]]) for v in late)
        )
        return {verdict.kpi["name"]: each for verdict, each in zip(late, found, strict=True)}

    async def _health(self, turn: Turn) -> dict[str, str]:
        paths, url = turn.step.params["paths"], turn.step.params["url"]
        answers = await asyncio.gather(*(self._http.get(url + path, _PATIENCE) for path in paths))
        found = zip(paths, answers, strict=True)
        return {path: said(path, answer) for path, answer in found if not is_good(answer)}

    async def _verdicts(self, turn: Turn, token: Json) -> list[Verdict]:
        return list(await asyncio.gather(*(self._verdict(turn, token, kpi) for kpi in turn.step.params["kpis"])))

    async def _verdict(self, turn: Turn, token: Json, kpi: Json) -> Verdict:
        source, known = turn.step.params["prometheus"], token["was"].get(kpi["name"])
        began = turn.changed_at or turn.began_at
        was = Reading(known) if known is not None else await baseline(self._metrics, source, kpi, began=began)
        return judged(kpi, now=await read(self._metrics, source, kpi, turn.now), was=was)

    async def _evidence(self, turn: Turn, seen: Json, verdicts: list[Verdict]) -> Json:
        """What is kept."""
        kept = {key: seen[key] for key in ("looks", "missed", "blind", "gaps", "bad")}
        kpis = await asyncio.gather(*(self._way(turn, verdict) for verdict in verdicts))
        return {**kept, "seconds": turn.step.params["for"], "kpis": list(kpis)}

    async def _way(self, turn: Turn, verdict: Verdict) -> Json:
        """A KPI's evidence, with its way over the window before the deploy and through the whole watch."""
        source, kpi, began = turn.step.params["prometheus"], verdict.kpi, turn.changed_at or turn.began_at
        window = timedelta(seconds=kpi["window"])
        before, after = await asyncio.gather(
            history(self._metrics, source, kpi, start=began - window, end=began),
            history(self._metrics, source, kpi, start=turn.began_at, end=turn.now),
        )
        return {**verdict.evidence, "before": list(before), "after": _to_its_end(after, verdict.now, turn)}


def _to_its_end(
    after: Sequence[tuple[int, float | None]], now: Reading, turn: Turn
) -> list[tuple[int, float | None]]:
    """The way through the watch up to the value that was judged: its steps need not end there."""
    way, at = list(after or now.points), int(turn.now.timestamp())
    return [*way, (at, now.value)] if now.value is not None and (not way or way[-1][0] < at) else way


def _of_pods(turn: Turn, token: Json, shown: Shown) -> tuple[Json | None, dict[str, str]]:
    """What is kept of restarts, and the signs; without an answer those that stood are not known to be over."""
    kept = token.get("pods")
    if shown.silent:
        stood = token.get("bad", {}).items()
        return kept, {key: sign["said"] for key, sign in stood if key.startswith((PODS, CHANGED))}
    restarts, sign = restarted(turn, kept, shown)
    return restarts, {**shown.signs, **sign}


def _of_kpis(verdicts: Sequence[Verdict], pasts: Mapping[str, Past]) -> dict[str, str]:
    """The signs of the KPIs: now, and where it can't be known yet how they were while nobody looked."""
    found = {}
    for verdict in verdicts:
        name, title = verdict.kpi["name"], verdict.kpi["title"]
        unknown = pasts[name].unknown if name in pasts else ""
        late = f"{title}: not known for the time when nobody looked, since {unknown}" if unknown else ""
        if said := verdict.bad or late:
            found[KPI + name] = said
    return found


def _kept(verdicts: Sequence[Verdict], pasts: Mapping[str, Past]) -> Json:
    """What the next look is to know of the KPIs: their baselines, and from when on they are still to be judged."""
    return {
        "was": {v.kpi["name"]: v.was.value for v in verdicts if v.was.value is not None},
        "owed": {name: each.owed.isoformat() for name, each in pasts.items() if each.owed},
    }


def _again(turn: Turn, seen: Json, signs: Mapping[str, str], shown: Shown) -> Pending:
    well = f"all well so far, until {until(turn):%H:%M} UTC"
    silent = [f"the pods are not known: {shown.silent.what} does not answer"] if shown.silent else []
    line = "; ".join([*signs.values(), *silent]) or well
    again = turn.now + seconds(turn, "every")
    return Pending(min(again, until(turn)) if turn.now < until(turn) else again, _with_gaps(turn, line, seen), seen)


def _failed(turn: Turn, fault: Fault, evidence: Json) -> Failed:
    """What failed; a KPI that broke is no failing health probe, nor is what somebody else changed."""
    text = _with_gaps(turn, fault.said, evidence)
    no_probe = fault.signs and all(key.startswith((KPI, CHANGED)) for key in fault.signs)
    finding = "deploy-failed" if no_probe else None
    into = span(turn.now - turn.began_at)
    do = to_know(kpi for kpi in evidence["kpis"] if KPI + kpi["name"] in fault.signs)
    return Failed(f"{text[:1].upper()}{text[1:]}. It was seen {into} into the watch.{do}", evidence, finding)


def _well(turn: Turn, seen: Json, verdicts: list[Verdict]) -> str:
    misses = f", {seen['missed']} of them with a bad sign that passed" if seen["missed"] else ""
    blind = f", at {seen['blind']} of them the cluster did not answer" if seen["blind"] else ""
    line = f"{span(seconds(turn, 'for'))} · {seen['looks']} looks{misses}{blind}"
    return _with_gaps(turn, " · ".join([line, *(verdict.line for verdict in verdicts)]), seen)


def _with_gaps(turn: Turn, line: str, seen: Json) -> str:
    """Nobody takes silence for health: the times without a look are told, of what can't be known afterwards."""
    gaps = [tuple(datetime.fromisoformat(at) for at in gap) for gap in seen["gaps"]]
    what = "health and pods" if turn.step.params["paths"] else "pods"
    told = [f"{what} not looked at between {since:%H:%M:%S} and {till:%H:%M:%S} UTC" for since, till in gaps]
    return " · ".join([line, *told])
