"""What a rollback's confirmation and plan say of the schema, from a real database. Reading changes nothing."""

from dataclasses import replace

from bot import rollback_preview as preview
from bot.adapters.kubernetes.client import Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.steps.kubernetes.restore import Restore
from runbooks.vocabulary import Failed
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema


async def told(schema: Schema, *, to: str) -> list[str]:
    """The lines for the way back to a version whose schema stood at this migration."""
    site = schema.back_to(to, schema.site(schema.release(TENANTS, SHIFTS, FLAGS)))
    return await preview.schema(schema.database, site)


async def test_nothing_was_applied_since(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS)
    assert await told(schema, to="022_shifts") == ["Database: no migration was applied since"]


async def test_what_was_applied_since_stays(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS, FLAGS)
    assert await told(schema, to="022_shifts") == [
        "Database: 023 stays; it is not known whether v41 runs on 023_flags"
    ]
    assert await told(schema, to="021_tenants") == [
        "Database: 022, 023 stay; it is not known whether v41 runs on 023_flags"
    ]


async def test_of_a_target_whose_last_migration_is_not_in_the_ledger_the_later_ones_are_told(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS, FLAGS)
    assert await told(schema, to="022_called_otherwise") == [
        "Database: 023 stays; it is not known whether v41 runs on 023_flags"
    ]


async def test_of_a_target_without_migrations_all_are_told(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS)
    assert await told(schema, to="") == [
        "Database: 021, 022 stay; it is not known whether v41, recorded without a migration, runs on 022_shifts"
    ]


async def test_a_migration_that_was_left_half_way_is_told(schema: Schema) -> None:
    half = {**SHIFTS, "022_shifts.sql": "begin; create table shifts (); commit; select missing;"}
    site = schema.site(schema.release(TENANTS, half))
    turn = await schema.turn(schema.apply, site, epoch=7)
    assert isinstance(await schema.apply.start(turn), Failed)
    assert await told(schema, to="021_tenants") == [
        "Database: 022 stays; it is not known whether v41 runs on 022_shifts",
        "Database: 022_shifts was left half-way by D-107: a part of it may stand",
    ]


async def planned(schema: Schema, *, to: str, kinds: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What the plan of the way back shows, of a service whose Deployments are left out."""
    site = schema.back_to(to, schema.site(schema.release(TENANTS, SHIFTS, FLAGS)))
    service = site.service.model_copy(update={"workloads": ()})
    step = Restore(KubernetesWorkloads(Clusters({})), schema.database)
    return (await step.resolve(step.params(), replace(site, service=service, kinds=kinds))).shows


async def test_the_plan_tells_what_stays_of_the_schema(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS, FLAGS)
    assert await planned(schema, to="022_shifts") == (
        "Database: 023 stays; it is not known whether v41 runs on 023_flags",
    )
    assert await planned(schema, to="023_flags") == ()


async def test_the_plan_leaves_the_schema_to_the_step_that_asks_about_it(schema: Schema) -> None:
    await schema.applied(TENANTS, SHIFTS, FLAGS)
    kinds = frozenset({"kubernetes.restore", "migrations.rollback"})
    assert await planned(schema, to="022_shifts", kinds=kinds) == ()
