"""The adapters to what is not ours, each made once."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.adapters.http import HttpxGet, HttpxVerdicts
from bot.adapters.jobs.runner import KubernetesJobs
from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.lkg_git import GitRecords
from bot.adapters.processes.runner import LocalProcesses
from bot.adapters.prometheus import PrometheusMetrics
from bot.adapters.rehearsal.servers import RehearsalServers
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.source.git import GitSource
from bot.adapters.source.names import source_names
from bot.record_places import RecordPlaces
from bot.settings import Settings
from runbooks.catalogue import Catalogue, Cluster
from runbooks.steps.migrations.planning import MigrationPlanner


@dataclass(frozen=True)
class Outside:
    """The adapters to what is not ours."""

    workloads: KubernetesWorkloads
    clusters: Clusters
    databases: ServiceDatabases
    source: GitSource
    http: HttpxGet
    verdicts: HttpxVerdicts
    local: LocalProcesses
    jobs: KubernetesJobs
    metrics: PrometheusMetrics
    records: RecordPlaces
    migrations: MigrationPlanner
    rehearsals: RehearsalServers


async def opened(stack: AsyncExitStack, settings: Settings, catalogue: Catalogue) -> Outside:
    """All of them, closed with the stack. Raises SettingsError."""
    addresses = {name: address_of(cluster, settings) for name, cluster in catalogue.clusters.items()}
    clusters = await stack.enter_async_context(Clusters(addresses))
    client = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
    folder = settings.state_folder.resolve()
    for part in ("git", "commands"):
        await asyncio.to_thread((folder / part).mkdir, parents=True, exist_ok=True)
    databases = ServiceDatabases(settings.named)
    source = GitSource(folder / "git", environment=os.environ, names=source_names(catalogue))
    migrations = MigrationPlanner(source, databases)
    return Outside(
        workloads=KubernetesWorkloads(clusters),
        clusters=clusters,
        databases=databases,
        source=source,
        http=HttpxGet(client),
        metrics=PrometheusMetrics(client, settings.named),
        verdicts=HttpxVerdicts(client, settings.named),
        local=LocalProcesses(folder / "commands", os.environ, lease_seconds=settings.lease_seconds),
        jobs=KubernetesJobs(clusters, {name: cluster.jobs_namespace for name, cluster in catalogue.clusters.items()}),
        records=RecordPlaces(
            KubernetesConfigMaps(clusters),
            GitRecords(folder / "git", environment=os.environ, author=settings.git_author),
            settings.named,
        ),
        migrations=migrations,
        rehearsals=RehearsalServers(settings.named, catalogue, migrations),
    )


def address_of(cluster: Cluster, settings: Settings) -> Address:
    """Where a cluster of the catalogue is. Raises SettingsError."""
    if cluster.kubeconfig is None:
        return Address()
    return Address(Path(settings.named(cluster.kubeconfig)), cluster.context)
