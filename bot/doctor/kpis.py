"""The KPIs of each environment: Prometheus answers their queries now, each with one number."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.doctor.finding import Check, Finding, Subject
from bot.doctor.sites import place_of, sites
from runbooks.catalogue import Catalogue
from runbooks.steps.base import Site
from runbooks.steps.kpis import Metrics, planned, read, shown
from runbooks.vocabulary import Json

_REACH = "see that Prometheus runs, that this host reaches it, and that `prometheus` of that environment is right"
_QUERY = "mend its `query` in the catalogue, and try it on Prometheus' own page"
_SCRAPE = "see that Prometheus scrapes the service there, and that its query finds what the service counts"


@dataclass(frozen=True)
class KpiChecks:
    """Asks by `metrics`, for the window before `now`."""

    metrics: Metrics
    now: Callable[[], datetime]

    def checks(self, catalogue: Catalogue) -> list[Check]:
        """One for each KPI in each environment that has a Prometheus."""
        return [
            self._check(site, kpi, site.environment.prometheus)
            for site in sites(catalogue)
            if site.environment.prometheus
            for kpi in planned(site)
        ]

    def _check(self, site: Site, kpi: Json, source: str) -> Check:
        subject = Subject(f"kpis of {place_of(site)}", str(kpi["name"]))
        return Check(subject, partial(self._look, subject, kpi, source), _REACH)

    async def _look(self, subject: Subject, kpi: Json, source: str) -> Finding:
        reading = await read(self.metrics, source, kpi, self.now())
        if reading.value is not None:
            return subject.ok(f"it is {shown(reading, kpi)}")
        if reading.lasting:
            return subject.wrong(reading.why, _REACH if reading.away else _QUERY)
        return subject.missing(reading.why, _REACH if reading.away else _SCRAPE)
