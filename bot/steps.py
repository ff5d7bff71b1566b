"""Every step there is, made with the adapters that it works on."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.adapters.postgres.store import PostgresStore
from bot.adapters.squawk import Squawk
from bot.configuration import Configuration
from bot.good_releases import GoodReleases
from bot.holders import Holders
from bot.outside import Outside
from bot.posts import Posts
from bot.tenants import TenantRecord
from runbooks.redaction import Redactor
from runbooks.steps.all_tests import AllTests
from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.as_before import AsBefore
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
from runbooks.steps.lkg_update import LkgUpdate
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.old_release import OldRelease
from runbooks.steps.migrations.plan import MigrationsPlan
from runbooks.steps.migrations.prospects import Prospects
from runbooks.steps.migrations.proven import MigrationsProven
from runbooks.steps.migrations.rehearse import MigrationsRehearse
from runbooks.steps.migrations.rollback import MigrationsRollback
from runbooks.steps.migrations.take_back import MigrationsTakeBack
from runbooks.steps.notify import NotifyStakeholders
from runbooks.steps.probes import ProbesCheck
from runbooks.steps.procedure import ProcedureShow
from runbooks.steps.smoke import Smoke
from runbooks.steps.take_over import TakeOver
from runbooks.steps.tenant_gate import TenantGate
from runbooks.steps.tenant_go_live import TenantGoLive
from runbooks.steps.watch import Watch
from runbooks.steps.way_back import WayBackWrite


def made(
    outside: Outside,
    store: PostgresStore,
    posts: Posts,
    redactor: Redactor,
    *,
    configuration: Configuration,
    clock: Callable[[], datetime],
) -> Mapping[str, Step]:
    """By what a document calls them."""
    planner = outside.migrations
    each: list[Step] = [
        Announce(posts),
        Approve(),
        AsBefore(outside.workloads, outside.databases),
        Confirm(),
        IncidentLessons(),
        IncidentRecord(),
        KpiBaseline(outside.metrics, clock),
        LkgUpdate(outside.workloads, ledger=outside.databases),
        MigrationsApply(planner),
        MigrationsPlan(planner, Prospects(outside.databases, Squawk())),
        MigrationsRollback(outside.source, outside.databases),
        MigrationsTakeBack(planner),
        Restore(outside.workloads, outside.databases),
        Rollout(outside.workloads),
        Watch(outside.http, outside.metrics, outside.workloads),
        *_checks(outside, store, redactor),
        MigrationsRehearse(planner, outside.rehearsals, clock),
        MigrationsProven(planner, releases=GoodReleases(store)),
        NotifyStakeholders(posts, outside.source, people=configuration.catalogue.people),
        ProcedureShow(configuration.library),
        WayBackWrite(planner, outside.workloads),
        TenantGoLive(TenantRecord(store)),
    ]
    found = {step.uses: step for step in each}
    found["take-over"] = TakeOver(outside.workloads, holders=Holders(store), database=outside.databases, steps=found)
    return found


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
        OldRelease(
            outside.migrations,
            outside.rehearsals,
            jobs=outside.jobs,
            local=outside.local,
            outputs=store,
            redactor=redactor,
        ),
    ]
