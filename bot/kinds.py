"""Every step there is, by what a document calls it."""

from collections.abc import Mapping
from types import MappingProxyType

from runbooks.documents.runbook import StepBlock
from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.base import Params, Step
from runbooks.steps.command import Command
from runbooks.steps.confirm import Confirm
from runbooks.steps.http_health import HttpHealth
from runbooks.steps.kpi_baseline import KpiBaseline
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.lkg_update import LkgUpdate
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.plan import MigrationsPlan
from runbooks.steps.migrations.rollback import MigrationsRollback
from runbooks.steps.take_over import TakeOver
from runbooks.steps.watch import Watch

KINDS: tuple[type[Step], ...] = (
    Announce,
    Approve,
    Command,
    Confirm,
    HttpHealth,
    KpiBaseline,
    LkgUpdate,
    MigrationsApply,
    MigrationsPlan,
    MigrationsRollback,
    Restore,
    Rollout,
    TakeOver,
    Watch,
)


def touches(step: StepBlock) -> frozenset[str] | None:
    """What a step changes of what a run can reserve; None: something, which only people know (a `command`)."""
    if step.params.get("changes"):
        return None
    return next((kind.touches for kind in KINDS if kind.uses == step.uses), frozenset())


def known() -> Mapping[str, type[Params]]:
    """What documents may use, with the keys that each takes."""
    return MappingProxyType({kind.uses: kind.params for kind in KINDS})
