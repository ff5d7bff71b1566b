"""The bot's epochs against those on the targets, which refuse every change under a lower one.

That a target can't be asked is for its own check to tell; here it is only left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.postgres import inspection
from bot.adapters.service_database.database import ServiceDatabases
from bot.doctor.finding import Check, Finding, Subject
from bot.doctor.sites import place_of, sites
from bot.epochs import standing
from bot.settings import SettingsError
from runbooks.catalogue import Catalogue
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.workloads import Denied, Missing
from runbooks.steps.migrations.database import DatabaseUnfit
from runbooks.vocabulary import Unreachable

_FIRST = "mend first what is told of that environment's cluster and database"


@dataclass(frozen=True)
class EpochChecks:
    """Compares the bot's database at `url` with these two; `lacking` are the clusters that can't be asked."""

    url: str
    workloads: KubernetesWorkloads
    databases: ServiceDatabases
    lacking: Mapping[str, str]

    def checks(self, catalogue: Catalogue) -> tuple[Check, ...]:
        """One for each environment."""
        return tuple(self._check(site) for site in sites(catalogue))

    def _check(self, site: Site) -> Check:
        subject = Subject("database", f"epochs of {place_of(site)}")
        mend = "see that PostgreSQL and the targets of this environment answer"
        return Check(subject, partial(self._look, subject, site), mend)

    async def _look(self, subject: Subject, site: Site) -> Finding:
        if site.environment.cluster in self.lacking:
            return subject.unseen("its targets can't be read", _FIRST)
        try:
            there = await standing(self.workloads, self.databases, site)
        except Denied as cause:
            return subject.wrong(cause.sentence, "do that")
        except (Unreachable, Missing, DatabaseUnfit, SettingsError):
            return subject.unseen("its targets can't be read", _FIRST)
        last = await inspection.last_epoch(self.url)
        where, highest = max(there.items(), key=lambda each: each[1])
        if highest > last:
            told = f"the bot's database is at epoch {last}, and {where} at {highest}, so it refuses every change"
            adopt = f"run `opsbot adopt {site.service_name} {site.environment_name}`"
            return subject.wrong(told, f"{adopt}, as after every new or restored database: it goes on above that")
        return subject.ok(f"at {last}, no target is ahead of it")
