"""The doctor's rounds: reads what is written, opens what it needs, asks all checks, closes everything."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot import embedded
from bot.adapters.http import HttpxGet
from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.kubernetes.rights import KubernetesRights
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.lkg_git import GitRecords
from bot.adapters.postgres.migrate import MigrationRefused
from bot.adapters.postgres.preflight import NotReady
from bot.adapters.prometheus import PrometheusMetrics
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.slack.client import web_client
from bot.adapters.slack.inspection import SlackInspection
from bot.adapters.source.git import GitSource
from bot.doctor import configuration, files
from bot.doctor.asking import ask
from bot.doctor.clusters import ClusterChecks
from bot.doctor.configuration import Known
from bot.doctor.database import DatabaseChecks
from bot.doctor.finding import Check, Finding, Subject
from bot.doctor.kpis import KpiChecks
from bot.doctor.outside import OutsideChecks
from bot.doctor.records import RecordChecks
from bot.doctor.slack import SlackChecks
from bot.doctor.workloads import WorkloadChecks
from bot.settings import Settings, SettingsError
from runbooks.catalogue import Catalogue

_PROMETHEUS_SECONDS = 4.0


def examine(loaded: Settings, *, known: Known, within: float) -> list[Finding]:
    """Everything there is to find. Blocks for some seconds.

    `known` are the steps that runbooks may use, `within` are the seconds that each check may take.
    """
    found = configuration.written(loaded, known=known)
    with ExitStack() as stack:
        try:
            usable, own = stack.enter_context(embedded.database(loaded)), []
        except (NotReady, MigrationRefused) as cause:
            usable, own = loaded, [Subject("database", "embedded").wrong(str(cause), "or name a PostgreSQL instead")]
        catalogue = found.file.catalogue if found.file else None
        return [*found.findings, *own, *asyncio.run(_connections(usable, catalogue, within))]


async def _connections(settings: Settings, catalogue: Catalogue | None, within: float) -> list[Finding]:
    async with AsyncExitStack() as stack:
        checks = _own(settings, catalogue)
        if catalogue is not None:
            checks += await _named(stack, settings, catalogue)
        return await ask([*checks, *files.checks(settings, catalogue)], within=within)


def _own(settings: Settings, catalogue: Catalogue | None) -> list[Check]:
    """Opsbot's own database and Slack, as far as the settings name them."""
    url = settings.database_url.get_secret_value()
    checks = [DatabaseChecks(url).checks()] if url and not settings.embedded else []
    slack = web_client(token=settings.slack_bot_token.get_secret_value(), api_url=settings.slack_api_url)
    return [*checks, *SlackChecks(settings, SlackInspection(slack), _now).checks(catalogue)]


async def _named(stack: AsyncExitStack, settings: Settings, catalogue: Catalogue) -> list[Check]:
    """What the catalogue names."""
    addresses, lacking = _addresses(settings, catalogue)
    clusters = await stack.enter_async_context(Clusters(addresses))
    client = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
    workloads = WorkloadChecks(KubernetesWorkloads(clusters))
    asked = ClusterChecks(catalogue, KubernetesRights(clusters), workloads, lacking)
    source = GitSource(settings.state_folder.resolve() / "git", environment=os.environ)
    outside = OutsideChecks(ServiceDatabases(settings.named), source, HttpxGet(client))
    kpis = KpiChecks(PrometheusMetrics(client, settings.named, seconds=_PROMETHEUS_SECONDS), _now)
    git = GitRecords(settings.state_folder.resolve() / "git", environment=os.environ, author=settings.git_author)
    records = RecordChecks(KubernetesConfigMaps(clusters), git, settings.named)
    clusters_asked = [_and(asked.checks(name), records.in_cluster(catalogue, name)) for name in catalogue.clusters]
    return [*clusters_asked, *outside.checks(catalogue), *kpis.checks(catalogue), *records.in_git(catalogue)]


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
