"""A drill on the real parts: what kubectl and psql say of staging before it, during it and after it."""

import asyncio
import json

import pytest

from sandbox.service import manifests
from sandbox.tour import Players
from sandbox.tour.drilled import a_drill
from sandbox.world import PLACES, SERVICE, World
from tests.acceptance.test_tour import psql

pytestmark = pytest.mark.asyncio(loop_scope="session")
PLACE = "staging"
COLUMNS = """
select table_schema, table_name, column_name, data_type, column_default, is_nullable from information_schema.columns
where table_schema not in ('pg_catalog', 'information_schema', 'opsbot') order by 1, 2, 3;
"""
INDEXES = "select indexdef from pg_indexes where schemaname not in ('pg_catalog', 'opsbot') order by 1;"
LEDGER = "select name || ' ' || state from opsbot.migrations order by number;"
KEPT = """
select concat_ws(' ', d->>'run', d->>'version', d->>'back_to', d->>'status', (d->>'back')::float between 1 and 300)
from streams, json_array_elements(state->'last') as d where name = 'drill/' || :'place';
"""
STEPS = """
select data::json->>'step' from events where stream = 'run/' || :'run' and data::json->>'kind' = 'recorded'
order by version;
"""
RELEASE = "select concat_ws(' ', state->'good'->0->>'version', state->>'hold') from streams where name = :'name';"
FINDINGS = "select name from streams where name like 'finding/' || :'run' || '%';"


async def template(world: World) -> object:
    """The pod template of staging, as kubectl reads it."""
    asked = ("get", "deployment", SERVICE, "-n", PLACES[PLACE], "-o", "json")
    return json.loads(await asyncio.to_thread(world.cluster.kubectl, *asked))["spec"]["template"]


def schema(world: World) -> tuple[list[str], list[str]]:
    """The service's own tables and indexes there, as psql reads them."""
    return psql(world.databases[PLACE], COLUMNS), psql(world.databases[PLACE], INDEXES)


async def test_staging_goes_forward_and_back_and_is_what_it_was(staging: World) -> None:
    world, told = staging, []
    before = await template(world), schema(world)
    assert f"{manifests.IMAGE}:v41" in json.dumps(before[0])
    run = await a_drill(Players(world, told.append))
    assert (await template(world), schema(world)) == before
    assert psql(world.databases[PLACE], LEDGER)[-3:] == [
        "023_policy_profiles.sql applied",
        "024_tenant_flags.sql reverted",
        "025_shift_labels.sql reverted",
    ]
    assert psql(world.owner_url, KEPT, place=f"{SERVICE}/{PLACE}")[-1] == f"{run} v48 v41 succeeded t"
    assert psql(world.owner_url, RELEASE, name=f"release/{SERVICE}/{PLACE}") == ["v41"]
    assert psql(world.owner_url, FINDINGS, run=run) == []
    done = dict.fromkeys(psql(world.owner_url, STEPS, run=run))
    forward_and_back = ["migrations", "rollout", "health", "revert", "health-back", "schema", "as-before"]
    assert [step for step in done if step in forward_and_back] == forward_and_back
