"""Every step there is, by what a document calls it."""

from collections.abc import Mapping
from types import MappingProxyType

from runbooks.documents.runbook import StepBlock
from runbooks.steps.all_tests import AllTests
from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.as_before import AsBefore
from runbooks.steps.base import Params, Step
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

KINDS: tuple[type[Step], ...] = (
    AllTests,
    Announce,
    Approve,
    AsBefore,
    CiVerdict,
    Command,
    Confirm,
    HttpHealth,
    HttpSmoke,
    IncidentLessons,
    IncidentRecord,
    KpiBaseline,
    LkgUpdate,
    MigrationsApply,
    MigrationsPlan,
    MigrationsProven,
    MigrationsRehearse,
    MigrationsRollback,
    MigrationsTakeBack,
    NotifyStakeholders,
    OldRelease,
    ProbesCheck,
    ProcedureShow,
    Restore,
    Rollout,
    Smoke,
    TakeOver,
    TenantGate,
    TenantGoLive,
    Watch,
    WayBackWrite,
)


def touches(step: StepBlock) -> frozenset[str] | None:
    """What a step changes of what a run can reserve; None: something, which only people know (a `command`)."""
    if step.params.get("changes"):
        return None
    return next((kind.touches for kind in KINDS if kind.uses == step.uses), frozenset())


def known() -> Mapping[str, type[Params]]:
    """What documents may use, with the keys that each takes."""
    return MappingProxyType({kind.uses: kind.params for kind in KINDS})
