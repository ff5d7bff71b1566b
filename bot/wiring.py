"""The composition root: every adapter made once, in one stack, handed on as one frozen value."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from slack_sdk.web.async_client import AsyncWebClient

from bot import catalogue_file, library
from bot.adapters.http import HttpxGet, HttpxVerdicts
from bot.adapters.jobs.runner import KubernetesJobs
from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.lkg_git import GitRecords
from bot.adapters.postgres.clock import SharedClock
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord, reading
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.processes.runner import LocalProcesses
from bot.adapters.prometheus import PrometheusMetrics
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import Courier, Poster, web_client
from bot.adapters.slack.gate import Gate
from bot.adapters.slack.members import SlackMembers
from bot.adapters.source.git import GitSource
from bot.adapters.source.names import source_names
from bot.adapters.squawk import Squawk
from bot.deliveries import Deliveries
from bot.good_releases import GoodReleases
from bot.holders import Holders
from bot.incident_rooms import IncidentRooms
from bot.kinds import known
from bot.library import Library
from bot.packing import Packing
from bot.posts import Posts
from bot.record import RecordKeeper
from bot.record_places import RecordPlaces
from bot.rollback_preview import RollbackPreview
from bot.settings import Settings
from bot.telemetry.traces import exporting
from bot.telemetry.watching import WatchedPacks, WatchedReception, WatchedStore, Watching
from bot.tenants import TenantRecord
from commands.edge import Edge
from runbooks.catalogue import Catalogue, Cluster
from runbooks.engine.advance import Advance
from runbooks.engine.audits import Audits
from runbooks.engine.handle import Reception
from runbooks.engine.planning import Planner
from runbooks.folds import folds
from runbooks.redaction import Redactor
from runbooks.steps.all_tests import AllTests
from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.base import Step
from runbooks.steps.ci_verdict import CiVerdict
from runbooks.steps.command import Command
from runbooks.steps.confirm import Confirm
from runbooks.steps.http_health import HttpHealth
from runbooks.steps.http_smoke import HttpSmoke
from runbooks.steps.incident_lessons import IncidentLessons
from runbooks.steps.incident_record import IncidentRecord
from runbooks.steps.kpi_baseline import KpiBaseline
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.suspecting import Suspecting
from runbooks.steps.lkg_update import LkgUpdate
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.plan import MigrationsPlan
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.prospects import Prospects
from runbooks.steps.migrations.proven import MigrationsProven
from runbooks.steps.migrations.rollback import MigrationsRollback
from runbooks.steps.notify import NotifyStakeholders
from runbooks.steps.probes import ProbesCheck
from runbooks.steps.procedure import ProcedureShow
from runbooks.steps.smoke import Smoke
from runbooks.steps.take_over import TakeOver
from runbooks.steps.tenant_gate import TenantGate
from runbooks.steps.tenant_go_live import TenantGoLive
from runbooks.steps.watch import Watch
from runbooks.steps.way_back import WayBackWrite

AT_ONCE = 16  # requests: ten a second, where the database takes half a second for each of their round trips


@dataclass(frozen=True)
class Configuration:
    """What people wrote: the catalogue and the runbooks, checked against each other."""

    catalogue: Catalogue
    library: Library


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


@dataclass(frozen=True)
class Services:
    """Everything that the process and its commands work with."""

    store: PostgresStore
    pool: Pool
    watching: Watching
    outside: Outside
    slack: AsyncWebClient
    edge: Edge
    advance: Advance
    deliveries: Deliveries
    records: RecordKeeper
    packing: Packing
    clock: SharedClock


def read_configuration(settings: Settings) -> Configuration:
    """Read and check. Raises DocumentError (file:line) and SettingsError; nothing was started."""
    file = catalogue_file.load(settings.catalogue)
    books = library.read([library.shipped(), *file.folders], known=known())
    file.check(books)
    settings.need_named(file.variables)
    return Configuration(file.catalogue, books)


@asynccontextmanager
async def services(settings: Settings, configuration: Configuration) -> AsyncIterator[Services]:
    """All of it, closed at the end in the opposite order."""
    async with AsyncExitStack() as stack:
        headers = settings.otlp_headers.get_secret_value()
        watching = Watching(traces=await stack.enter_async_context(exporting(settings.otlp_endpoint, headers)))
        failed = watching.metrics.database_errors.inc
        url = settings.database_url.get_secret_value()
        pool = await stack.enter_async_context(Pool(url, failed=failed))
        people = Pool(url, size=AT_ONCE, ready=AT_ONCE, failed=failed)  # they never wait for what the bot does itself
        outside = await _outside(stack, settings, configuration.catalogue)
        clock = await SharedClock.of(pool)
        store = WatchedStore(pool, folds(), watching, here=clock, lease_seconds=settings.lease_seconds)
        asked = WatchedStore(await stack.enter_async_context(people), folds(), watching, here=clock)
        record = PostgresRecord(await stack.enter_async_context(reading(url)))
        sent = MessageLog(pool)
        slack = web_client(
            token=settings.slack_bot_token.get_secret_value(),
            api_url=settings.slack_api_url,
            rate_limited=watching.rate_limited,
            gate=Gate(),
        )
        members = SlackMembers(client=slack, catalogue=configuration.catalogue)
        redactor = Redactor(settings.secrets())
        steps = _steps(outside, store, Posts(sent), redactor, configuration=configuration, clock=clock)
        planner = Planner(configuration.catalogue, configuration.library, steps, outside.source)
        packs = WatchedPacks(Audits(asked, configuration.catalogue, record, clock), members, watching)
        way_back = RollbackPreview(outside.workloads, outside.databases)
        yield Services(
            store=store,
            pool=pool,
            watching=watching,
            outside=outside,
            slack=slack,
            edge=Edge(
                WatchedReception(
                    Reception(asked, configuration.catalogue, members, clock, configuration.library, redactor),
                    watching,
                ),
                asked,
                configuration.catalogue,
                way_back,
                clock,
                configuration.library.documents,
                packs,
                revisions=outside.source,
            ),
            advance=Advance(
                store,
                planner,
                members,
                redactor,
                clock,
                watching.doing,
                suspecting=Suspecting(outside.workloads, redactor).named,
            ),
            deliveries=Deliveries(
                store,
                sent,
                Poster(slack),
                configuration.catalogue,
                clock,
                IncidentRooms(sent, SlackChannels(slack), members),
            ),
            records=RecordKeeper(store, configuration.catalogue, outside.records, outside.workloads, clock),
            packing=Packing(packs, Courier(slack)),
            clock=clock,
        )


async def _outside(stack: AsyncExitStack, settings: Settings, catalogue: Catalogue) -> Outside:
    addresses = {name: address_of(cluster, settings) for name, cluster in catalogue.clusters.items()}
    clusters = await stack.enter_async_context(Clusters(addresses))
    client = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
    folder = settings.state_folder.resolve()
    for part in ("git", "commands"):
        await asyncio.to_thread((folder / part).mkdir, parents=True, exist_ok=True)
    return Outside(
        workloads=KubernetesWorkloads(clusters),
        clusters=clusters,
        databases=ServiceDatabases(settings.named),
        source=GitSource(folder / "git", environment=os.environ, names=source_names(catalogue)),
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
    )


def address_of(cluster: Cluster, settings: Settings) -> Address:
    """Where a cluster of the catalogue is. Raises SettingsError."""
    if cluster.kubeconfig is None:
        return Address()
    return Address(Path(settings.named(cluster.kubeconfig)), cluster.context)


def _steps(
    outside: Outside,
    store: PostgresStore,
    posts: Posts,
    redactor: Redactor,
    *,
    configuration: Configuration,
    clock: Callable[[], datetime],
) -> Mapping[str, Step]:
    planner = MigrationPlanner(outside.source, outside.databases)
    made: list[Step] = [
        Announce(posts),
        Approve(),
        Confirm(),
        IncidentLessons(),
        IncidentRecord(),
        KpiBaseline(outside.metrics, clock),
        LkgUpdate(outside.workloads, ledger=outside.databases),
        MigrationsApply(planner),
        MigrationsPlan(planner, Prospects(outside.databases, Squawk())),
        MigrationsRollback(outside.source, outside.databases),
        Restore(outside.workloads, outside.databases),
        Rollout(outside.workloads),
        Watch(outside.http, outside.metrics, outside.workloads),
        *_checks(outside, store, redactor),
        MigrationsProven(planner, releases=GoodReleases(store)),
        NotifyStakeholders(posts, outside.source, people=configuration.catalogue.people),
        ProcedureShow(configuration.library),
        WayBackWrite(planner, outside.workloads),
        TenantGoLive(TenantRecord(store)),
    ]
    steps = {step.uses: step for step in made}
    steps["take-over"] = TakeOver(outside.workloads, holders=Holders(store), database=outside.databases, steps=steps)
    return steps


def _checks(outside: Outside, store: PostgresStore, redactor: Redactor) -> list[Step]:
    """What says whether a release is fit; where the catalogue chooses, one of them plans another."""
    command = Command(jobs=outside.jobs, local=outside.local, outputs=store, redactor=redactor)
    health, smoke = HttpHealth(outside.http, redactor), HttpSmoke(outside.http, redactor)
    ci = CiVerdict(outside.verdicts, redactor)
    return [
        AllTests(ci, command=command),
        ci,
        command,
        health,
        ProbesCheck(outside.workloads, health=health),
        Smoke(smoke, command=command),
        smoke,
        TenantGate(jobs=outside.jobs, local=outside.local, outputs=store, redactor=redactor),
    ]
