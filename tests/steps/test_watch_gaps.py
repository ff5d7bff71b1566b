"""Times when nobody looked: KPIs are read and judged afterwards, by a real Prometheus; health can't be."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.adapters.prometheus import PrometheusMetrics
from runbooks.steps.base import Turn
from runbooks.steps.kpi_past import Past, Unwatched, judged_past
from runbooks.steps.kpis import Reading, planned
from runbooks.steps.watch import Watch
from runbooks.vocabulary import Done, Failed, Json, Outcome, Pending
from sandbox.prometheus import PrometheusServer
from tests.steps.kpi_site import kpi, place
from tests.steps.places import NOW, later, turn
from tests.steps.watching import Standing, Well

AWAY = "http://127.0.0.1:1"


@pytest.fixture
async def step() -> AsyncIterator[Watch]:
    async with httpx.AsyncClient(trust_env=False) as client:
        metrics = PrometheusMetrics(client, {}.__getitem__, seconds=5)
        yield Watch(Well(), metrics, Standing())  # type: ignore[arg-type]  # all that a look asks


def between(start: int, end: int, *, value: float = 4.1, well: float = 0.3) -> str:
    """PromQL that is bad between these seconds of the watch."""
    since, till = (NOW.timestamp() + seconds for seconds in (start, end))
    return f"vector({well} + {value - well} * ((time() > bool {since}) * (time() < bool {till})))"


async def begun(step: Watch, source: str, query: str, *, length: str = "5m") -> Turn:
    where = place(
        source, kpi(query), url="https://api.example", watch={"for": length, "every": "10s", "grace": "20s"}
    )
    return replace(await turn(step, {}, where), changed_at=NOW - timedelta(minutes=3))


async def after_a_gap(step: Watch, at: Turn, seconds: int) -> Outcome:
    """Looked at once, and then not until so long after."""
    first = await step.start(at)
    assert isinstance(first, Pending)
    return await step.check(later(at, seconds), first.token)


async def test_a_kpi_that_was_bad_meanwhile_fails_it(step: Watch, prometheus_server: PrometheusServer) -> None:
    found = await after_a_gap(step, await begun(step, prometheus_server.url, between(45, 115)), 200)

    assert isinstance(found, Failed)
    assert found.reason == (
        "Error rate: 4.1 %, was 0.3 % (at most 0.8 %), for 20 s until 10:01:10 UTC, when nobody looked"
        " · health and pods not looked at between 10:00:00 and 10:03:20 UTC. It was seen 3 m 20 s into the watch."
    )
    assert found.finding == "deploy-failed"


async def test_a_kpi_that_was_well_meanwhile_goes_on(step: Watch, prometheus_server: PrometheusServer) -> None:
    found = await after_a_gap(step, await begun(step, prometheus_server.url, between(45, 58)), 200)

    assert isinstance(found, Pending)
    assert found.line == (
        "all well so far, until 10:05 UTC · health and pods not looked at between 10:00:00 and 10:03:20 UTC"
    )


async def test_bad_before_and_after_but_not_between_has_not_lasted(
    step: Watch, prometheus_server: PrometheusServer
) -> None:
    well_between = between(5, 195, value=0.3, well=4.1)
    at = replace(
        await begun(step, prometheus_server.url, well_between),
        evidence={"kpi-baseline": {"kpis": [{"name": "kpi-0", "was": 0.3}]}},
    )
    found = await after_a_gap(step, at, 200)

    assert isinstance(found, Pending)
    assert found.line.startswith("error rate: 4.1 %, was 0.3 % (at most 0.8 %) · health and pods not looked at")


async def test_what_came_after_its_end_is_nobodys_watch(step: Watch, prometheus_server: PrometheusServer) -> None:
    found = await after_a_gap(step, await begun(step, prometheus_server.url, between(400, 900)), 3600)
    assert isinstance(found, Done)


async def test_a_gap_that_can_not_be_read_yet_is_judged_as_soon_as_it_can(
    step: Watch, prometheus_server: PrometheusServer
) -> None:
    at = await begun(step, prometheus_server.url, between(45, 115))
    first = await step.start(at)
    assert isinstance(first, Pending)
    away = replace(at.step, params={**at.step.params, "prometheus": AWAY})
    blind = await step.check(later(replace(at, step=away), 200), first.token)
    assert isinstance(blind, Pending)
    found = await step.check(later(at, 210), blind.token)

    assert blind.line.startswith("error rate: no value, since Prometheus does not answer (no connection)")
    assert isinstance(found, Failed)
    assert "for 20 s until 10:01:10 UTC, when nobody looked" in found.reason


# ---------------------------------------------------------------- judged, from readings alone


def kpi_of(**fields: Any) -> Json:
    [found] = planned(place(None, kpi("x", **fields)))
    return found


def readings(*values: float | None) -> list[tuple[Any, Reading]]:
    """One each ten seconds from ten seconds on; None where there was no data."""
    at = (NOW + timedelta(seconds=10 * number) for number in range(1, len(values) + 1))
    known = (Reading(value) if value is not None else Reading(why="there is no data") for value in values)
    return list(zip(at, known, strict=True))


def judge(*values: float | None, since: int | None = None) -> Past:
    began = NOW + timedelta(seconds=since) if since is not None else None
    time = Unwatched(NOW, NOW + timedelta(minutes=5), timedelta(seconds=10), timedelta(seconds=20), began)
    return judged_past(kpi_of(), readings(*values), was=Reading(0.3), time=time)


@pytest.mark.parametrize(
    ("values", "since", "fault"),
    [
        ((4.0, 4.0, 0.3, 4.0, 4.0), None, ""),
        ((0.3, 4.0, 4.0, 4.0), None, "error rate: 4 %, was 0.3 % (at most 0.8 %), for 20 s until 10:00:40 UTC"),
        ((4.0, 4.0), -10, "error rate: 4 %, was 0.3 % (at most 0.8 %), for 20 s until 10:00:10 UTC"),
        ((None, None, None), None, "error rate: no value, since there is no data, for 20 s until 10:00:30 UTC"),
        ((0.3, None, 0.3), None, ""),
    ],
    ids=["taking turns", "lasting", "since before", "unknown is not well", "unknown for a moment"],
)
def test_only_what_lasts_counts(values: tuple[float | None, ...], since: int | None, fault: str) -> None:
    assert judge(*values, since=since).fault == (f"{fault}, when nobody looked" if fault else "")


def test_what_is_bad_at_its_end_is_so_since_then() -> None:
    assert judge(0.3, 4.0).since == NOW + timedelta(seconds=20)
    assert judge(4.0, 0.3, since=0).since is None


# ---------------------------------------------------------------- a watch that is shorter than two graces


@pytest.mark.parametrize("length", ["0s", "10s", "30s"])
async def test_a_short_watch_does_not_fail_by_its_warm_up(step: Watch, length: str) -> None:
    """KPIs are away for two looks, less than a grace; the third is well."""
    at = await begun(step, AWAY, "vector(1)", length=length)
    well = replace(at.step, params={**at.step.params, "kpis": []})
    outcome = await step.start(at)
    for number in range(1, 5):
        if not isinstance(outcome, Pending):
            break
        now = replace(at, now=outcome.check_at, step=at.step if number == 1 else well)
        outcome = await step.check(now, outcome.token)

    assert isinstance(outcome, Done), outcome
    assert "2 of them with a bad sign that passed" in outcome.line
