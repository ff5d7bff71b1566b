"""Where each step can be done without a cluster: its real database, its real process, or what it reads."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.tenants import TenantRecord
from runbooks.engine.draft import Draft
from runbooks.gates import Gate, stream_of
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
from runbooks.steps.kubernetes.workloads import Ref
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
from runbooks.steps.tenant_gate import TenantGate
from runbooks.steps.tenant_go_live import TenantGoLive
from runbooks.steps.watch import Watch
from runbooks.steps.way_back import WayBackWrite
from runbooks.tenants.decide import Pass
from runbooks.vocabulary import Json, KnownGood, KnownWorkload
from tests.cuts.commands import (
    command_as_a_job,
    command_beside_the_bot,
    gate_beside_the_bot,
    repeatable_command,
    smoke_as_a_job,
    tests_as_a_job,
)
from tests.cuts.places import Places
from tests.cuts.playing import Effects, Scenario
from tests.cuts.readable import Books, Cluster, Metrics, Releases, Slack, Web
from tests.cuts.rehearsed import rehearsed_on_a_server, tried_on_a_server
from tests.cuts.seam import Seam
from tests.engine.knob import TEN, known_good
from tests.engine.world import World
from tests.fixtures.schemas import SHIFTS, TENANTS, Schema

HEALTH = {"url": "https://api.example", "health": {"paths": ["/health"], "passes": 2, "interval": "1s"}}


async def migrations_applied(places: Places) -> Scenario:
    schema = places.schema
    await schema.applied(TENANTS, epoch=0)
    counted = {"022_shifts.sql": "create table shifts ();\ninsert into effects values ('shifts');\n"}
    await schema.ask("create table effects (what text)")
    commit = schema.release(TENANTS, SHIFTS | counted)

    def steps(seam: Seam) -> list[Step]:
        return [MigrationsApply(places.planner(seam))]

    return Scenario(steps, commit=commit, effects=lambda: _rows(schema), once={"shifts": 1}, **places.with_schema)


async def _rows(schema: Schema) -> Effects:
    return dict(Counter(what for (what,) in await schema.ask("select what from effects")))


async def migrations_taken_back(places: Places) -> Scenario:
    schema = places.schema
    await schema.ask("create table effects (what text)")
    back = {"022_rollback.sql": "drop table shifts;\ninsert into effects values ('back');\n"}
    commit = await schema.applied(TENANTS, SHIFTS | back, epoch=0)
    target = KnownGood("adopt", "v1", commit, (), "021_tenants", "sha256:0", TEN)

    def steps(seam: Seam) -> list[Step]:
        return [MigrationsRollback(seam.around(schema.source), seam.around(schema.database))]

    return Scenario(
        steps, commit=commit, target=target, effects=lambda: _rows(schema), once={"back": 1}, **places.with_schema
    )


async def migrations_of_a_drill_taken_back(places: Places) -> Scenario:
    schema = places.schema
    await schema.ask("create table effects (what text)")
    back = {"022_rollback.sql": "drop table shifts;\ninsert into effects values ('back');\n"}
    stands = await schema.applied(TENANTS, epoch=0)
    target = KnownGood("adopt", "v1", stands, (), "021_tenants", "sha256:0", TEN)

    def steps(seam: Seam) -> list[Step]:
        return [MigrationsTakeBack(places.planner(seam)), MigrationsApply(places.planner(Seam()))]

    return Scenario(
        steps,
        commit=schema.release(TENANTS, SHIFTS | back),
        target=target,
        drilled=True,
        effects=lambda: _rows(schema),
        once={"back": 1},
        **places.with_schema,
    )


async def compared_in_a_drill(places: Places) -> Scenario:
    template = (await Cluster().read(Ref("main", "prod", "api")))["spec"]["template"]
    target = replace(known_good("v1"), workloads=(KnownWorkload("api", "d-1", template, {}),))

    def steps(seam: Seam) -> list[Step]:
        return [AsBefore(seam.around(Cluster()), seam.around(places.schema.database))]

    return Scenario(steps, target=target, drilled=True)


async def _with_migrations(places: Places, steps: Callable[[Seam], list[Step]]) -> Scenario:
    commit = await places.schema.applied(TENANTS, epoch=0)
    return Scenario(steps, commit=commit, **places.with_schema)


async def migrations_planned(places: Places) -> Scenario:
    return await _with_migrations(
        places, lambda seam: [MigrationsPlan(places.planner(seam), places.schema.prospects)]
    )


async def migrations_proven(places: Places) -> Scenario:
    def steps(seam: Seam) -> list[Step]:
        return [MigrationsProven(places.planner(seam), releases=seam.around(Releases())), Confirm()]

    return await _with_migrations(places, steps)


async def rehearsed_by_people(places: Places) -> Scenario:
    """Without a rehearsal server a person says it."""

    def steps(seam: Seam) -> list[Step]:
        return [MigrationsRehearse(places.planner(seam), places.rehearsals, lambda: places.world.now), Confirm()]

    return await _with_migrations(places, steps)


async def old_release_unknown(places: Places) -> Scenario:
    """Without a rehearsal server it is not known."""
    await places.world.adopted("v1")

    def steps(seam: Seam) -> list[Step]:
        return [places.old_release(seam)]

    return await _with_migrations(places, steps)


async def way_back_written(places: Places) -> Scenario:
    await places.world.adopted("v1")
    return await _with_migrations(places, lambda s: [WayBackWrite(places.planner(s), s.around(Cluster()))])


async def record_opened(places: Places) -> Scenario:
    world = places.world

    async def opened() -> Effects:
        found = await world.store.outstanding("incident", 10)
        return {incident.id: 1 for incident in found}

    return Scenario(lambda seam: [IncidentRecord()], target=known_good("v1"), effects=opened, once={"I-1": 1})


async def candidate_kept(places: Places) -> Scenario:
    world = places.world

    async def good() -> Effects:
        return dict(Counter(each.version for each in (await world.release()).good))

    def steps(seam: Seam) -> list[Step]:
        return [LkgUpdate(seam.around(Cluster()), ledger=seam.around(places.schema.database))]

    return Scenario(steps, effects=good, once={"v2": 1})


async def tenant_let_in(places: Places) -> Scenario:
    world, stream = places.world, stream_of("api", "production", "acme")
    await world.adopted("v2")
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    for gate in Gate:
        await draft.apply(stream, Pass(gate, "2" * 40, "v2", "D-0"))
    await world.store.commit(draft.changes())

    async def let_in() -> Effects:
        found = (await world.store.read([stream])).streams[stream].state
        return {"live": 1} if found.live else {}

    return Scenario(
        lambda seam: [TenantGoLive(seam.around(TenantRecord(world.store)))],
        {"tenant": "acme"},
        reserves="[]",
        effects=let_in,
        once={"live": 1},
    )


def _settled(made: Scenario) -> Any:
    async def scenario(places: Places) -> Scenario:
        return made

    return scenario


def _http(seam: Seam) -> HttpHealth:
    return HttpHealth(seam.around(Web()), Redactor())


TELLS: Json = {"environment": {"stakeholders": {"channels": ["C9"]}}}
KPI: Json = {"title": "errors", "query": "errors", "direction": "lower-is-better", "tolerance": 1, "window": "2s"}
MEASURED: Json = {
    "service": {"kpis": {"errors": KPI}},
    "environment": {
        **HEALTH,
        "prometheus": "https://prometheus.example",
        "watch": {"for": "3s", "every": "1s", "grace": "1s"},
    },
}


async def _kpis(places: Places) -> Scenario:
    return Scenario(lambda s: [KpiBaseline(s.around(Metrics()), lambda: places.world.now)], **MEASURED)


SCENARIOS: dict[type[Step], Callable[[Places], Any]] = {
    AsBefore: compared_in_a_drill,
    AllTests: tests_as_a_job,
    Announce: _settled(Scenario(lambda seam: [Announce(seam.around(Slack()))])),
    Approve: _settled(Scenario(lambda seam: [Approve()])),
    CiVerdict: _settled(
        Scenario(
            lambda s: [CiVerdict(s.around(Web()), Redactor())], service={"ci": {"url": "https://ci.example/{commit}"}}
        )
    ),
    Command: command_beside_the_bot,
    Confirm: _settled(Scenario(lambda seam: [Confirm()])),
    HttpHealth: _settled(Scenario(lambda seam: [_http(seam)], environment=HEALTH)),
    HttpSmoke: _settled(
        Scenario(
            lambda s: [HttpSmoke(s.around(Web()), Redactor())],
            service={"version-path": "/version"},
            environment=HEALTH,
        )
    ),
    IncidentLessons: _settled(Scenario(lambda seam: [IncidentLessons(), Confirm()])),
    IncidentRecord: record_opened,
    LkgUpdate: candidate_kept,
    MigrationsApply: migrations_applied,
    MigrationsPlan: migrations_planned,
    MigrationsProven: migrations_proven,
    MigrationsRehearse: rehearsed_by_people,
    MigrationsRollback: migrations_taken_back,
    MigrationsTakeBack: migrations_of_a_drill_taken_back,
    OldRelease: old_release_unknown,
    NotifyStakeholders: _settled(
        Scenario(lambda s: [NotifyStakeholders(s.around(Slack()), s.around(World), people={})], **TELLS)
    ),
    ProbesCheck: _settled(
        Scenario(lambda s: [ProbesCheck(s.around(Cluster()), health=_http(s))], environment=HEALTH)
    ),
    ProcedureShow: _settled(Scenario(lambda seam: [ProcedureShow(Books()), Confirm()], {"document": "back"})),
    Smoke: smoke_as_a_job,
    TenantGate: gate_beside_the_bot,
    TenantGoLive: tenant_let_in,
    WayBackWrite: way_back_written,
    KpiBaseline: _kpis,
    Watch: _settled(
        Scenario(lambda s: [Watch(s.around(Web()), s.around(Metrics()), s.around(Cluster()))], **MEASURED)
    ),
}


MORE: dict[str, Callable[[Places], Any]] = {
    "command as a Job": command_as_a_job,
    "command, repeatable": repeatable_command,
    "migrations.rehearse on a server": rehearsed_on_a_server,
    "migrations.old-release on a server": tried_on_a_server,
}
"""Steps whose params decide what they declare."""
