"""The release is out, and is not well or not known to be: the card says why, and production goes back once."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.adapters.http import HttpxGet
from bot.adapters.prometheus import PrometheusMetrics
from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.redaction import Redactor
from runbooks.runs.state import Status
from runbooks.steps.http_smoke import HttpSmoke
from runbooks.steps.kpi_baseline import KpiBaseline
from sandbox.prometheus import PrometheusServer
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX, CATALOGUE
from tests.steps.kpi_site import kpi
from tests.steps.web import answering, silent

DOCUMENT = """# Deploy

## Deploy
- [ ] Turn the knob
  ```step
  id: knob
  uses: knob
  ```
- [ ] Look at it
  ```step
  id: look
  uses: {look}
  on-failure: {{finding: deploy-failed, then: rollback}}
  ```
- [ ] Announce it
"""
AWAY = "http://127.0.0.1:1"


class Release:
    """A deploy of v2 whose last machine step is the one that is tried."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world

    def placed(self, look: str, *, environment: Mapping[str, Any], service: Mapping[str, Any]) -> None:
        """The document with this step, for a service that says so."""
        api = CATALOGUE["services"]["api"]
        place = {**api["environments"]["production"], **environment}
        self.world.catalogue = Catalogue.model_validate(
            {**CATALOGUE, "services": {"api": {**api, **service, "environments": {"production": place}}}}
        )
        self.world.use(self.world.store)
        known = {uses: step.params for uses, step in self.world.steps.items()}
        self.world.shelf.documents["deploy"] = parse(DOCUMENT.format(look=look), path="deploy.md", known=known)

    async def deployed(self) -> str:
        """Asked for, approved as far as it can be, and looked at until it waits for a person or is over."""
        await self.world.adopted("v1")
        run_id = await self.world.deploys("v2")
        await self.world.works()
        if (await self.world.run(run_id)).waits_for_approval:
            await self.desk.clicks(await self.desk.card(run_id), "Approve", ALEX)
        while not await self._at_rest(run_id):
            self.world.later(seconds=1)
            await self.world.works()
        return run_id

    async def _at_rest(self, run_id: str) -> bool:
        run = await self.world.run(run_id)
        return run.status.over or (run.current is not None and run.current.uses == "confirm")

    async def goes_back(self, run_id: str, said: str) -> None:
        """It failed with this sentence, everybody reads it, and one rollback takes the one change back."""
        assert (await self.world.run(run_id)).reason == said
        card = shown(await self.desk.card(run_id))
        assert said.replace("<", "&lt;") in card
        assert "❌ Failed at “Look at it”" in card
        assert "R-1 takes production back to v1." in card or "R-1 took production back to v1" in card, card
        finding = shown(await self.desk.finding(f"{run_id}.deploy-failed"))
        assert finding.startswith("S2 · Deploy failed, rollback needed")
        assert said.replace("<", "&lt;") in finding
        assert (await self.world.run("R-1")).status is Status.SUCCEEDED
        assert self.world.outside.effects == [f"{run_id}/knob", "R-1/unknob"]
        assert self.world.outside.knob == "v1"
        assert (await self.world.releases()).did == "unlocked"
        assert (await self.desk.types("/deploy api v2")).split()[1] == "started:", "nothing is held any more"


@pytest.fixture
async def release(desk: Desk) -> AsyncIterator[Release]:
    async with httpx.AsyncClient(trust_env=False) as client:
        http, metrics = HttpxGet(client), PrometheusMetrics(client, {}.__getitem__, seconds=0.5)
        for step in (HttpSmoke(http, Redactor()), KpiBaseline(metrics, lambda: desk.world.now)):
            desk.world.steps[step.uses] = step
        yield Release(desk)


def measured(release: Release, source: str, query: str, **fields: Any) -> None:
    release.placed(
        "kpi.baseline",
        environment={"prometheus": source, "watch": {"for": "6s", "every": "2s", "grace": "4s"}},
        service={"kpis": {"errors": kpi(query, **fields)}},
    )


async def test_a_smoke_test_that_the_old_version_answers(release: Release) -> None:
    async with answering(lambda _: web.json_response({"version": "v1"})) as url:
        quick = {"interval": "1s", "timeout": "3s"}
        release.placed("http.smoke", environment={"url": url, "health": quick}, service={"version-path": "/version"})
        run_id = await release.deployed()
    await release.goes_back(
        run_id, '/version does not name v2, so another release answered: {"version": "v1"}. It was asked for 3 s.'
    )


@asynccontextmanager
async def prometheus_that_is(how: str, server: PrometheusServer) -> AsyncIterator[str]:
    if how == "slow":
        async with silent() as url:
            yield url
    else:
        yield AWAY if how == "away" else server.url


TO_KNOW = " What is not known is not well: `opsbot doctor` asks for each KPI, and says how to mend it."
AMONG_NOTHING = "its query gives no number (NaN): it divides by zero where nothing is counted"


@pytest.mark.parametrize(
    ("how", "query", "why"),
    [
        ("away", "vector(1)", "Prometheus does not answer (no connection)"),
        ("slow", "vector(1)", "Prometheus does not answer (nothing within 0.5 s)"),
        ("empty", "no_such_metric", "there is no data"),
        ("there", "vector(0) / 0", AMONG_NOTHING),
    ],
)
async def test_kpis_that_are_not_known(
    release: Release, prometheus_server: PrometheusServer, how: str, query: str, why: str
) -> None:
    async with prometheus_that_is(how, prometheus_server) as source:
        measured(release, source, query, window="2s")
        run_id = await release.deployed()
    run = await release.world.run(run_id)
    assert run.plan is not None, run.reason
    assert (
        run.plan.step("look").shows[0].endswith(f" · not known now, since {why}: the deploy fails if that stays so")
    )
    await release.goes_back(run_id, f"Error rate: no baseline before the deploy, since {why}.{TO_KNOW}")


async def test_a_baseline_of_zeros(release: Release, prometheus_server: PrometheusServer) -> None:
    worse = f"vector(0.1 * (time() > bool {release.world.now.timestamp() + 1}))"
    measured(release, prometheus_server.url, worse, window="2s", tolerance="20%")
    await release.goes_back(
        await release.deployed(),
        "Error rate: 0.1 %, was 0 % (at most 0 %), since percent of a baseline of 0 allow nothing: give its "
        "tolerance in its unit.",
    )


async def test_a_query_that_is_wrong_is_told_before_anything_is_changed(
    release: Release, prometheus_server: PrometheusServer
) -> None:
    measured(release, prometheus_server.url, "sum(rate(x[5m])")
    run_id = await release.deployed()
    assert (await release.world.run(run_id)).status is Status.FAILED
    card = shown(await release.desk.card(run_id))
    assert "❌ The KPI “error rate” can't be asked for: Prometheus refuses its query: " in card
    assert "unclosed left parenthesis. Correct its `query` in the catalogue. Nothing was changed.\n" in card
    assert release.world.outside.effects == []
    assert (await release.desk.types("/deploy api v2")).startswith("D-2 started"), "nothing is held"
