"""KPIs as the doctor sees them: one number, or why there is none."""

from datetime import UTC, datetime

import httpx
import pytest
from aiohttp import web

from bot.adapters.prometheus import PrometheusMetrics
from bot.doctor.finding import Finding, Verdict
from bot.doctor.kpis import KpiChecks
from bot.settings import SettingsError
from sandbox.prometheus import PrometheusServer
from tests.doctor.reading import faults, found, only_fault
from tests.doctor.test_outside import catalogue
from tests.steps.web import answering

TWO = 'vector(1) or label_replace(vector(2), "which", "other", "", "")'


async def look(prometheus: str, query: str = "vector(0.2)") -> list[Finding]:
    """The one KPI, which is what this query gives."""

    def named(variable: str) -> str:
        raise SettingsError(f"{variable} is not set; the catalogue names it.")

    kpi = {"title": "errors", "query": query, "unit": "%", "direction": "lower-is-better", "tolerance": "20%"}
    about = catalogue("file:///source", kpis={"errors": kpi}, prometheus=prometheus)
    async with httpx.AsyncClient(trust_env=False) as client:
        return await found(KpiChecks(PrometheusMetrics(client, named), lambda: datetime.now(UTC)).checks(about))


async def test_all_is_well(prometheus_server: PrometheusServer) -> None:
    [finding] = await look(prometheus_server.url)
    assert faults([finding]) == []
    assert (finding.part, finding.check, finding.says) == ("kpis of api production", "errors", "it is 0.2 %")


@pytest.mark.parametrize(
    ("query", "verdict", "says", "mend"),
    [
        ("nobody_counts_this", Verdict.MISSING, "there is no data", "scrapes the service"),
        ("vector(0) / vector(0)", Verdict.MISSING, "divides by zero", "what the service counts"),
        (TWO, Verdict.WRONG, "its query gives 2 series", "mend its `query`"),
        ("sum(", Verdict.WRONG, "Prometheus refuses its query", "mend its `query`"),
    ],
)
async def test_no_number(
    prometheus_server: PrometheusServer, query: str, verdict: Verdict, says: str, mend: str
) -> None:
    fault = only_fault(await look(prometheus_server.url, query))
    assert fault.verdict is verdict
    assert says in fault.says
    assert mend in fault.mend


async def test_prometheus_is_away_or_not_named() -> None:
    fault = only_fault(await look("http://127.0.0.1:1"))
    assert (fault.verdict, fault.says) == (Verdict.MISSING, "Prometheus does not answer (no connection)")
    assert "see that Prometheus runs" in fault.mend
    async with answering(lambda _: web.Response(status=404)) as url:
        fault = only_fault(await look(url))
    assert (fault.verdict, "leads to no Prometheus" in fault.says) == (Verdict.WRONG, True)
    assert "see that Prometheus runs" in fault.mend
    fault = only_fault(await look("PROMETHEUS_URL"))
    assert fault.says.startswith("PROMETHEUS_URL is not set")
