"""KPIs after a deploy against those before it, by a real Prometheus."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.adapters.prometheus import PrometheusMetrics
from runbooks.digests import canonical
from runbooks.steps.base import Site, Turn
from runbooks.steps.kpi_baseline import KpiBaseline
from runbooks.steps.kpis import number
from runbooks.vocabulary import Done, Failed, Json, Outcome, Pending, PlanningFailed
from sandbox.prometheus import PrometheusServer
from tests.steps.kpi_site import from_then, kpi, place
from tests.steps.places import NOW, later, through, turn
from tests.steps.web import answering, silent

DEPLOY_BEGAN = NOW - timedelta(minutes=3)
OVER_ITS_WINDOW = "0 * avg_over_time(vector(1)[${window}:1s])"
TO_KNOW = " What is not known is not well: `opsbot doctor` asks for each KPI, and says how to mend it."


@pytest.fixture
async def step() -> AsyncIterator[KpiBaseline]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield KpiBaseline(PrometheusMetrics(client, {}.__getitem__, seconds=5), lambda: NOW)


@pytest.fixture
def prometheus(prometheus_server: PrometheusServer) -> str:
    return prometheus_server.url


async def begun(step: KpiBaseline, where: Site) -> Turn:
    return replace(await turn(step, {}, where), changed_at=DEPLOY_BEGAN)


async def ended(step: KpiBaseline, where: Site) -> Outcome:
    return (await through(step, await begun(step, where)))[-1]


async def test_what_stays_as_it_was_is_told_with_both_values(step: KpiBaseline, prometheus: str) -> None:
    where = place(
        prometheus,
        kpi(from_then(0.3, 0.2, NOW)),
        kpi(f"{from_then(45, 48, NOW)} + {OVER_ITS_WINDOW}", title="p95", unit="ms", tolerance="20%"),
    )
    at = await begun(step, where)
    first, last = await through(step, at)

    assert at.step.shows == (
        "error rate: at most 0.5 % worse than before the deploy",
        "p95: at most 20 % of it worse than before the deploy, over 10 s",
    )
    assert first == Pending(NOW + timedelta(seconds=10), "measures for 10 s")
    assert isinstance(last, Done)
    assert last.line == "error rate 0.2 % (was 0.3 %) · p95 48 ms (was 45 ms)"
    (errors, _) = last.evidence["kpis"]
    assert (errors["name"], errors["was"], errors["now"], errors["limit"]) == ("kpi-0", 0.3, 0.2, 0.8)
    assert [at for at, _ in errors["before"]][-1] == DEPLOY_BEGAN.timestamp()
    assert [at for at, _ in errors["after"]][-1] == NOW.timestamp() + 10


@pytest.mark.parametrize(
    ("query", "fields", "said"),
    [
        (from_then(0.3, 4.1, NOW), {}, "Error rate: 4.1 %, was 0.3 % (at most 0.8 %)."),
        (
            from_then(15, 2.5, NOW),
            {"title": "plans a second", "unit": "", "direction": "higher-is-better", "tolerance": "20%"},
            "Plans a second: 2.5, was 15 (at least 12).",
        ),
        ("vector(0.9)", {"baseline": 0.3}, "Error rate: 0.9 %, baseline 0.3 % (at most 0.8 %)."),
        (
            from_then(0, 0.1, NOW),
            {"tolerance": "20%"},
            "Error rate: 0.1 %, was 0 % (at most 0 %), since percent of a baseline of 0 allow nothing: give its "
            "tolerance in its unit.",
        ),
    ],
)
async def test_what_got_worse_than_it_may_fails(
    step: KpiBaseline, prometheus: str, query: str, fields: dict[str, Any], said: str
) -> None:
    found = await ended(step, place(prometheus, kpi(query, **fields)))

    assert isinstance(found, Failed)
    assert found.reason == said


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (from_then(0.3, 0.8, NOW), {}),  # just as bad as it may be
        (from_then(15, 99, NOW), {"direction": "higher-is-better", "tolerance": "0%"}),
        (from_then(9, 0.1, NOW), {"tolerance": "0%"}),
        ("vector(0)", {"tolerance": "20%"}),  # of a baseline of zero too
    ],
)
async def test_what_got_better_or_no_worse_than_it_may_is_well(
    step: KpiBaseline, prometheus: str, query: str, fields: dict[str, Any]
) -> None:
    assert isinstance(await ended(step, place(prometheus, kpi(query, **fields))), Done)


def only(condition: str) -> str:
    """PromQL that gives 1 at some moments only."""
    return f"vector(1) and on() (vector(time()) {condition})"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("no_such_metric", "Error rate: no baseline before the deploy, since there is no data."),
        (only(f"< {NOW.timestamp()}"), "Error rate: no value, since there is no data."),
        (only(f"< {NOW.timestamp() + 5}"), "Error rate: no value, since there is no data."),  # it ends in the middle
        (
            only(f"> {NOW.timestamp()}"),
            "Error rate: no baseline before the deploy, since there is no data.",
        ),
        (
            "vector(0) / 0",
            "Error rate: no baseline before the deploy, since its query gives no number (NaN): it "
            "divides by zero where nothing is counted.",
        ),
        (
            f"vector(1) / (time() < bool {NOW.timestamp()})",
            "Error rate: no value, since its query gives no number (infinite): it divides by zero where nothing is "
            "counted.",
        ),
    ],
)
async def test_what_is_not_known_is_looked_for_again_and_then_fails(
    step: KpiBaseline, prometheus: str, query: str, said: str
) -> None:
    *waits, last = await through(step, await begun(step, place(prometheus, kpi(query))))

    assert isinstance(last, Failed)
    assert last.reason == said + TO_KNOW
    assert len(waits) == 11  # for the window, then for 20 s every 2 s
    assert isinstance(waits[-1], Pending)
    assert waits[-1].line.endswith("; looks again")
    assert not {"NaN", "Infinity"} & set(re.findall(r"\w+", canonical(last.evidence)))  # the store takes neither


async def test_several_series_fail_at_once(step: KpiBaseline, prometheus: str) -> None:
    """One at planning; more pods, and so more series, may come with the release itself."""
    two = f'vector(1) or (label_replace(vector(2), "pod", "b", "", "") and on() (vector(time()) > {NOW.timestamp()}))'
    waits = await through(step, await begun(step, place(prometheus, kpi(two))))

    assert len(waits) == 2
    assert isinstance(waits[-1], Failed)
    assert waits[-1].reason.startswith(
        "Error rate: no value, since its query gives 2 series where one is needed: put "
    )


async def test_one_that_is_away_is_waited_for_and_then_fails(step: KpiBaseline) -> None:
    *waits, last = await through(step, await begun(step, place("http://127.0.0.1:1", kpi("vector(1)"))))

    assert len(waits) == 11
    assert isinstance(last, Failed)
    assert last.reason == (
        "Error rate: no baseline before the deploy, since Prometheus does not answer (no connection)." + TO_KNOW
    )


async def test_one_that_is_slow_is_waited_for_and_then_fails() -> None:
    async with silent() as slow, httpx.AsyncClient(trust_env=False) as client:
        step = KpiBaseline(PrometheusMetrics(client, {}.__getitem__, seconds=0.1), lambda: NOW)
        *waits, last = await through(step, await begun(step, place(slow, kpi("vector(1)"))))

    assert len(waits) == 11
    assert isinstance(last, Failed)
    assert last.reason == (
        "Error rate: no baseline before the deploy, since Prometheus does not answer (nothing within "
        "0.1 s)." + TO_KNOW
    )


@pytest.mark.parametrize(
    ("source", "query", "why"),
    [
        ("http://127.0.0.1:1", "vector(1)", "Prometheus does not answer (no connection)"),
        ("", "no_such_metric", "there is no data"),
        ("", "vector(0) / 0", "its query gives no number (NaN): it divides by zero where nothing is counted"),
    ],
)
async def test_who_approves_sees_what_is_not_known_yet(
    step: KpiBaseline, prometheus: str, source: str, query: str, why: str
) -> None:
    at = await begun(step, place(source or prometheus, kpi(query)))

    assert at.step.shows == (
        f"error rate: at most 0.5 % worse than before the deploy · not known now, since {why}: "
        "the deploy fails if that stays so",
    )


async def test_one_that_comes_back_in_time_is_no_failure(step: KpiBaseline, prometheus: str) -> None:
    at = await begun(step, place("http://127.0.0.1:1", kpi("vector(1)")))
    assert isinstance(await step.check(later(at, 12), {}), Pending)
    params: Json = {**at.step.params, "prometheus": prometheus}
    back = replace(later(at, 14), step=replace(at.step, params=params))
    assert isinstance(await step.check(back, {}), Done)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sum(rate(x[5m])", "Prometheus refuses its query: "),
        ('vector(1) or label_replace(vector(2), "pod", "b", "", "")', "its query gives 2 series where one is needed"),
    ],
)
async def test_a_wrong_query_is_told_before_anything_changes(
    step: KpiBaseline, prometheus: str, query: str, said: str
) -> None:
    with pytest.raises(PlanningFailed) as fault:
        await turn(step, {}, place(prometheus, kpi(query)))
    assert f"The KPI “error rate” can't be asked for: {said}" in fault.value.sentence
    assert fault.value.sentence.endswith("Correct its `query` in the catalogue.")


async def test_an_address_that_leads_elsewhere_is_told_before_anything_changes(step: KpiBaseline) -> None:
    async with answering(lambda _: web.Response(status=401)) as url:
        with pytest.raises(PlanningFailed) as fault:
            await turn(step, {}, place(url, kpi("vector(1)")))
    assert fault.value.sentence == (
        "The KPI “error rate” can't be asked for: `prometheus` leads to no Prometheus, or to one that lets nobody in "
        "(HTTP 401). Correct `prometheus` in the catalogue."
    )


async def test_its_names_are_filled_in(step: KpiBaseline, prometheus: str) -> None:
    query = 'sum(rate(x{service="${service}", namespace="${namespace}", env="${environment}"}[${window}]))'
    at = await turn(step, {}, place(prometheus, kpi(query)))
    assert at.step.params["kpis"][0]["query"] == (
        'sum(rate(x{service="solvereign-api", namespace="solvereign-production", env="production"}[10s]))'
    )


@pytest.mark.parametrize(
    ("kpis", "source", "said"),
    [
        ((), "http://127.0.0.1:1", "the catalogue declares no KPIs of solvereign-api"),
        ((kpi("vector(1)"),), None, "the catalogue names no `prometheus` for solvereign-api in production"),
    ],
)
async def test_what_can_not_be_measured_waits_for_a_person(
    step: KpiBaseline, kpis: tuple[Json, ...], source: str | None, said: str
) -> None:
    resolved = await step.resolve(step.params(), place(source, *kpis))

    assert resolved.uses == "confirm"
    assert resolved.shows[0].startswith(said)


def test_numbers_are_shown_with_three_digits_that_count() -> None:
    shown = [number(value, {"unit": "ms"}) for value in (0, 0.00001234, 0.12345, 48.06, 999.4, 12400.6)]
    assert shown == ["0 ms", "0.000012 ms", "0.123 ms", "48.1 ms", "999 ms", "12,401 ms"]
