"""What runs of each environment outside the cluster's API: the service's database, and its health paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.adapters.http import HttpxGet
from bot.adapters.service_database.database import ServiceDatabases
from bot.doctor.finding import Check, Finding, Subject, listed
from bot.doctor.sites import place_of, sites
from runbooks.catalogue import Catalogue
from runbooks.steps.base import Site
from runbooks.steps.http_health import NoAnswer
from runbooks.steps.migrations.database import DatabaseUnfit
from runbooks.steps.migrations.planning import stands_at

_PATIENCE = 3.0  # seconds


@dataclass(frozen=True)
class OutsideChecks:
    """Asks by these two."""

    databases: ServiceDatabases
    http: HttpxGet

    def checks(self, catalogue: Catalogue) -> list[Check]:
        """All of it."""
        return [check for site in sites(catalogue) for check in (*self._database(site), *self._health(site))]

    def _database(self, site: Site) -> Iterator[Check]:
        if variable := site.environment.database:
            part = f"database of {place_of(site)}"
            role, rows = Subject(part, "role"), Subject(part, "ledger")
            mend = f"see that the database runs and lets this host in, and that {variable} is right"
            ledger = (Check(rows, partial(self._ledger, rows, site), mend),) if site.service.migrations else ()
            yield Check(role, partial(self._role, role, site), mend, ledger)

    async def _role(self, subject: Subject, site: Site) -> Finding:
        role = await self.databases.role(site)
        powers = {"is a superuser": role.superuser, "bypasses row security": role.bypasses_row_security}
        if held := [power for power, holds in powers.items() if holds]:
            variable = site.environment.database
            mend = f"name in {variable} the role that owns the service's tables, made with NOSUPERUSER NOBYPASSRLS"
            return subject.wrong(f"the role {role.name} {' and '.join(held)}, so no policy binds a migration", mend)
        return subject.ok(f"{role.name} on PostgreSQL {role.server}, neither superuser nor above row security")

    async def _ledger(self, subject: Subject, site: Site) -> Finding:
        try:
            rows = await self.databases.rows(site)
        except DatabaseUnfit as cause:
            return subject.wrong(str(cause), "give the role these rights as the database's owner")
        if not rows:
            return subject.ok("no migration is recorded yet; `opsbot adopt` records those that stand")
        if open_ := [f"{row.name} of {row.run}" for row in rows if not row.state.settled]:
            mend = "wait where that run is under way; else decide in its thread what the schema is"
            return subject.wrong(f"{listed(open_)} was begun and is not settled", mend)
        return subject.ok(f"it can be read; the schema stands at {stands_at(rows) or 'nothing'}")

    def _health(self, site: Site) -> Iterator[Check]:
        if url := site.environment.url:
            for path in dict.fromkeys(site.environment.health.paths):
                subject = Subject(f"health of {place_of(site)}", path)
                mend = f"see that the service runs, and that `url` ({url}) and this path are right in the catalogue"
                yield Check(subject, partial(self._answers, subject, f"{url.rstrip('/')}{path}", mend), mend)

    async def _answers(self, subject: Subject, url: str, mend: str) -> Finding:
        answer = await self.http.get(url, timedelta(seconds=_PATIENCE))
        if isinstance(answer, NoAnswer):
            return subject.missing(f"{url} did not answer: {answer.reason}", mend)
        if answer.status not in range(200, 300):
            return subject.wrong(f"{url} answers {answer.status}, not 2xx", mend)
        return subject.ok(f"it answers {answer.status} in {answer.millis} ms")
