"""`watch`: looks on for a while after a deploy, at health and KPIs; a bad sign that lasts fails it at once.

Signs that take turns last as one does, and a watch that was bad at most of its looks does not end well.

Every look is recorded, so that a watch cut off by a restart goes on to the same end and tells when nobody looked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.http_health import Http, is_good, said
from runbooks.steps.kpi_baseline import known_baselines, unmeasured
from runbooks.steps.kpis import Metrics, Reading, Verdict, baseline, history, judged, planned, read, to_know
from runbooks.steps.output import span
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending

_PATIENCE = timedelta(seconds=5)  # for one answer
_KPI = "kpi/"


@dataclass(frozen=True)
class _Fault:
    """Why it fails: a clause, and the signs that it is about."""

    said: str
    signs: tuple[str, ...]


class Watch(Step):
    """Looks at every path and every KPI again and again, for the environment's `watch`."""

    uses = "watch"
    cut = Cut.IDEMPOTENT
    finding = "health-failing"

    def __init__(self, http: Http, metrics: Metrics) -> None:
        self._http = http
        self._metrics = metrics

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # it has no keys of its own
        """What is looked at, how often and how long."""
        place, without = site.environment, unmeasured(site)
        paths = [f"/{path.lstrip('/')}" for path in place.health.paths] if place.url else []
        kpis = [] if without else planned(site)
        length = span(place.watch.length)
        if not paths and not kpis:
            why = "the catalogue names no health paths and no KPIs that could be asked for"
            return Resolved().by("confirm").noted(f"{why}, so a person looks on for {length}")
        looks_at = [*paths, *(kpi["title"] for kpi in kpis)]
        every, grace = span(place.watch.every), span(place.watch.grace)
        alone = ["KPIs alone: no health path can be asked for"] * (not paths)
        alone += ["health alone: no KPI can be asked for"] * (not kpis)
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
        health, verdicts = await asyncio.gather(self._health(turn), self._verdicts(turn, token))
        signs = {**health, **{_KPI + v.kpi["name"]: v.bad for v in verdicts if v.bad}}
        seen = _seen(turn, token, signs, verdicts)
        until = turn.began_at + _seconds(turn, "for")
        ends = turn.now >= until and not signs
        if fault := _lasting(turn, seen) or (_mostly_bad(seen) if ends else None):
            return _failed(turn, fault, await self._evidence(turn, seen, verdicts))
        if ends:
            return Done(_well(turn, seen, verdicts), await self._evidence(turn, seen, verdicts))
        again = turn.now + _seconds(turn, "every")
        line = "; ".join(signs.values()) or f"all well so far, until {until:%H:%M} UTC"
        return Pending(min(again, until) if turn.now < until else again, _with_gaps(line, seen), seen)

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
        kept = {key: seen[key] for key in ("looks", "missed", "gaps", "bad")}
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


def _seen(turn: Turn, token: Json, signs: dict[str, str], verdicts: list[Verdict]) -> Json:
    """The token after this look: all that the next one must know. An older release's has no `unclean` and `found`."""
    before, looked = token.get("bad", {}), datetime.fromisoformat(token["looked"])
    now = turn.now.isoformat()
    missed = turn.now - looked > _seconds(turn, "every") + _seconds(turn, "grace")  # a bad sign could have counted
    unclean = token.get("unclean") or min((sign["since"] for sign in before.values()), default=now)
    return {
        "looked": now,
        "looks": token.get("looks", 0) + 1,
        "missed": token.get("missed", 0) + bool(signs),
        "bad": {key: {"said": say, "since": before.get(key, {}).get("since", now)} for key, say in signs.items()},
        "unclean": unclean if signs else None,  # since when no look was without a bad sign
        "found": token.get("found", {}) | {key: {"said": say, "last": now} for key, say in signs.items()},
        "gaps": [*token.get("gaps", []), *([[token["looked"], now]] if missed else [])],
        "was": {v.kpi["name"]: v.was.value for v in verdicts if v.was.value is not None},
    }


def _lasting(turn: Turn, seen: Json) -> _Fault | None:
    """The bad signs that have lasted long enough to count, or those that took turns for as long."""
    if not seen["unclean"]:
        return None
    unclean, grace = datetime.fromisoformat(seen["unclean"]), _seconds(turn, "grace")
    lasted = {key: turn.now - datetime.fromisoformat(sign["since"]) for key, sign in seen["bad"].items()}
    if long := {key: length for key, length in lasted.items() if length >= grace}:
        return _Fault("; ".join(f"{seen['bad'][key]['said']}, for {span(long[key])}" for key in long), tuple(long))
    if turn.now - unclean < grace:
        return None
    turns = {key: sign for key, sign in seen["found"].items() if datetime.fromisoformat(sign["last"]) >= unclean}
    said = "; ".join(sign["said"] for sign in turns.values())
    return _Fault(f"no look was clean for {span(turn.now - unclean)}: {said}", tuple(turns))


def _mostly_bad(seen: Json) -> _Fault | None:
    """Signs that never lasted, and yet were there at more than half of the looks."""
    if seen["missed"] * 2 <= seen["looks"]:
        return None
    said = "; ".join(sign["said"] for sign in seen["found"].values())
    bad = f"{seen['missed']} of {seen['looks']} looks were bad"
    return _Fault(": ".join([bad, said] if said else [bad]), tuple(seen["found"]))


def _failed(turn: Turn, fault: _Fault, evidence: Json) -> Failed:
    """What failed; a KPI that broke is no failing health probe."""
    text = _with_gaps(fault.said, evidence)
    finding = "deploy-failed" if fault.signs and all(key.startswith(_KPI) for key in fault.signs) else None
    into = span(turn.now - turn.began_at)
    do = to_know(kpi for kpi in evidence["kpis"] if _KPI + kpi["name"] in fault.signs)
    return Failed(f"{text[:1].upper()}{text[1:]}. It was seen {into} into the watch.{do}", evidence, finding)


def _well(turn: Turn, seen: Json, verdicts: list[Verdict]) -> str:
    misses = f", {seen['missed']} of them with a bad sign that passed" if seen["missed"] else ""
    line = f"{span(_seconds(turn, 'for'))} · {seen['looks']} looks{misses}"
    return _with_gaps(" · ".join([line, *(verdict.line for verdict in verdicts)]), seen)


def _with_gaps(line: str, seen: Json) -> str:
    """Nobody takes silence for health: the times without a look are told."""
    gaps = [tuple(datetime.fromisoformat(at) for at in gap) for gap in seen["gaps"]]
    told = [f"nobody looked from {since:%H:%M:%S} to {till:%H:%M:%S} UTC" for since, till in gaps]
    return " · ".join([line, *told])


def _seconds(turn: Turn, key: str) -> timedelta:
    return timedelta(seconds=turn.step.params[key])
