"""Every check of a connection, each with the adapters that it asks by."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot.adapters.http import HttpxGet, HttpxVerdicts
from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.kubernetes.rights import KubernetesRights
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.lkg_git import GitRecords
from bot.adapters.prometheus import PrometheusMetrics
from bot.adapters.rehearsal.server import Addresses
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.slack.client import web_client
from bot.adapters.slack.inspection import SlackInspection
from bot.adapters.source.git import GitSource
from bot.doctor import files
from bot.doctor.clusters import ClusterChecks
from bot.doctor.database import DatabaseChecks
from bot.doctor.epochs import EpochChecks
from bot.doctor.finding import Check
from bot.doctor.kpis import KpiChecks
from bot.doctor.outside import OutsideChecks
from bot.doctor.records import RecordChecks
from bot.doctor.references import ReferenceChecks
from bot.doctor.rehearsals import RehearsalChecks
from bot.doctor.slack import SlackChecks
from bot.doctor.smoke import SmokeChecks
from bot.doctor.sources import SourceChecks
from bot.doctor.workloads import WorkloadChecks
from bot.settings import Settings, SettingsError
from runbooks.catalogue import Catalogue

_PROMETHEUS_SECONDS = 4.0


async def checks(stack: AsyncExitStack, settings: Settings, catalogue: Catalogue | None) -> list[Check]:
    """All of them, as far as the settings and the catalogue name what they ask; `stack` closes what they need."""
    url = settings.database_url.get_secret_value()
    epochs: tuple[Check, ...] = ()
    named: list[Check] = []
    if catalogue is not None:
        addresses, lacking = _addresses(settings, catalogue)
        clusters = await stack.enter_async_context(Clusters(addresses))
        client = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
        opened = _Opened(settings, catalogue, clusters, lacking, client)
        epochs, named = opened.epochs(url), [*opened.in_clusters(), *opened.outside()]
    own = [DatabaseChecks(url, _now, epochs).checks()] if url and not settings.embedded else []
    slack = web_client(token=settings.slack_bot_token.get_secret_value(), api_url=settings.slack_api_url)
    people = SlackChecks(settings, SlackInspection(slack), _now).checks(catalogue)
    return [*own, *people, *named, *files.checks(settings, catalogue)]


@dataclass(frozen=True)
class _Opened:
    """What asks about all that the catalogue names."""

    settings: Settings
    catalogue: Catalogue
    clusters: Clusters
    lacking: dict[str, str]
    client: httpx.AsyncClient

    def epochs(self, url: str) -> tuple[Check, ...]:
        """Those of the bot's database against those on the targets."""
        return EpochChecks(url, self._workloads, self._databases, self.lacking).checks(self.catalogue)

    def in_clusters(self) -> Iterator[Check]:
        """Each cluster, and what is only asked where it answers."""
        rights = KubernetesRights(self.clusters)
        asked = ClusterChecks(self.catalogue, rights, WorkloadChecks(self._workloads), self.lacking)
        then = (self._records, ReferenceChecks(self._workloads), self._smoke)
        for name in self.catalogue.clusters:
            inside = [check for each in then for check in each.in_cluster(self.catalogue, name)]
            yield _and(asked.checks(name), inside)

    def outside(self) -> Iterator[Check]:
        """What is asked whatever the clusters say."""
        verdicts = HttpxVerdicts(self.client, self.settings.named)
        metrics = PrometheusMetrics(self.client, self.settings.named, seconds=_PROMETHEUS_SECONDS)
        yield from OutsideChecks(self._databases, HttpxGet(self.client)).checks(self.catalogue)
        yield from RehearsalChecks(Addresses(self.settings.named)).checks(self.catalogue)
        yield from self._smoke.checks(self.catalogue)
        yield from SourceChecks(GitSource(self._mirrors, environment=os.environ), verdicts).checks(self.catalogue)
        yield from KpiChecks(metrics, _now).checks(self.catalogue)
        yield from self._records.in_git(self.catalogue)

    @property
    def _workloads(self) -> KubernetesWorkloads:
        return KubernetesWorkloads(self.clusters)

    @property
    def _databases(self) -> ServiceDatabases:
        return ServiceDatabases(self.settings.named)

    @property
    def _smoke(self) -> SmokeChecks:
        return SmokeChecks(HttpxGet(self.client), self._workloads)

    @property
    def _records(self) -> RecordChecks:
        git = GitRecords(self._mirrors, environment=os.environ, author=self.settings.git_author)
        return RecordChecks(KubernetesConfigMaps(self.clusters), git, self.settings.named)

    @property
    def _mirrors(self) -> Path:
        return self.settings.state_folder.resolve() / "git"


def _and(check: Check, then: Iterable[Check]) -> Check:
    """The check, after which these are asked too."""
    return replace(check, then=(*check.then, *then))


def _addresses(settings: Settings, catalogue: Catalogue) -> tuple[dict[str, Address], dict[str, str]]:
    """Where each cluster is; and for those that can't be said, why."""
    addresses, lacking = {}, {}
    for name, cluster in catalogue.clusters.items():
        try:
            kubeconfig = Path(settings.named(cluster.kubeconfig)) if cluster.kubeconfig else None
            addresses[name] = Address(kubeconfig, cluster.context)
        except SettingsError as cause:
            lacking[name] = str(cause)
    return addresses, lacking


def _now() -> datetime:
    return datetime.now(UTC)
