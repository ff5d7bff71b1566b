"""What the database itself makes of a tenant's events, and refuses: straight in SQL, as the bot's role."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.gates import Gate
from runbooks.tenants.decide import GoLive, Pass
from tests.engine.world import CATALOGUE, TEN
from tests.fixtures.store import StoreDatabase

ACME, OTHER = "tenant/api/production/acme", "tenant/api/production/other"
V42, V43 = "a" * 40, "b" * 40
GATES = [gate.value for gate in Gate]
INSERT = (
    "insert into events (stream, version, data, actor, at, previous, hash) "
    "values (%s, %s, %s, 'opsbot', now(), %s, %s)"
)


@dataclass
class Psql:
    """Somebody with the application's role, who writes well-formed events by hand."""

    connection: psycopg.Connection[Any]
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)

    def tells(self, stream: str, **data: Any) -> int:
        version, head = self.heads.get(stream, (0, ""))
        text = json.dumps(data)
        hashed = hashlib.sha256(f"{head}{text}".encode()).hexdigest()
        self.connection.execute(INSERT, (stream, version + 1, text, head, hashed))
        self.heads[stream] = (version + 1, hashed)
        return version + 1

    def passed(self, gate: str, *, stream: str = ACME, commit: str = V42) -> int:
        return self.tells(stream, kind="gate-passed", gate=gate, commit=commit)

    def goes_live(self, passes: dict[str, int], *, stream: str = ACME, commit: str = V42) -> None:
        self.tells(stream, kind="went-live", commit=commit, passes=passes)

    def asks(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()


@pytest.fixture
def psql(store_database: StoreDatabase) -> Any:
    with psycopg.connect(store_database.url) as connection:
        yield Psql(connection)
        connection.rollback()


async def test_a_pass_and_going_live_are_kept_in_the_commit_that_tells_them(
    store: PostgresStore, store_database: StoreDatabase
) -> None:
    draft = Draft(store=store, catalogue=Catalogue.model_validate(CATALOGUE), now=TEN)
    for gate in Gate:
        await draft.apply(ACME, Pass(gate, V42, "v42", "T-7"))
    await draft.apply(ACME, GoLive(V42, "v42", "T-7", running=V42))
    await store.commit(draft.changes())
    with psycopg.connect(store_database.url) as connection:
        passes = connection.execute(
            "select service, environment, tenant, gate, release, version from gate_passes order by version"
        ).fetchall()
        live = connection.execute(
            "select service, environment, tenant, release, version from tenants_live"
        ).fetchall()
    assert passes == [("api", "production", "acme", gate, V42, number) for number, gate in enumerate(GATES, 1)]
    assert live == [("api", "production", "acme", V42, 5)]


def test_four_passes_written_by_hand_are_as_good(psql: Psql) -> None:
    psql.goes_live({gate: psql.passed(gate) for gate in GATES})
    assert psql.asks("select tenant, release from tenants_live") == [("acme", V42)]


@pytest.mark.parametrize("missing", GATES)
def test_three_of_four_gates_are_refused(psql: Psql, missing: str) -> None:
    passes = {gate: psql.passed(gate) for gate in GATES if gate != missing}
    with pytest.raises(psycopg.errors.NotNullViolation) as refused:
        psql.goes_live(passes)
    assert refused.value.diag.column_name == missing.replace("-", "_")


@pytest.mark.parametrize("missing", GATES)
def test_three_of_four_and_a_number_made_up_are_refused(psql: Psql, missing: str) -> None:
    passes = {gate: psql.passed(gate) for gate in GATES if gate != missing}
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        psql.goes_live({**passes, missing: 99})
    assert refused.value.diag.constraint_name == f"tenants_live_{missing.replace('-', '_')}"


def test_one_pass_does_not_count_for_two_gates(psql: Psql) -> None:
    passes = {gate: psql.passed(gate) for gate in GATES[:3]}
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="tenants_live_integrations_contract"):
        psql.goes_live({**passes, GATES[3]: passes[GATES[2]]})


def test_a_pass_of_another_release_does_not_count(psql: Psql) -> None:
    passes = {gate: psql.passed(gate, commit=V43 if gate == "golden-path" else V42) for gate in GATES}
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="tenants_live_golden_path"):
        psql.goes_live(passes)


def test_a_pass_of_another_tenant_does_not_count(psql: Psql) -> None:
    for gate in GATES:
        psql.passed(gate, stream=OTHER)
    passes = {gate: psql.passed(gate) for gate in GATES[:3]}
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="tenants_live_integrations_contract"):
        psql.goes_live({**passes, GATES[3]: 4})


def test_a_tenant_goes_live_once(psql: Psql) -> None:
    passes = {gate: psql.passed(gate) for gate in GATES}
    psql.goes_live(passes)
    with pytest.raises(psycopg.errors.UniqueViolation, match="tenants_live_pkey"):
        psql.goes_live(passes)


@pytest.mark.parametrize(
    ("stream", "gate", "commit", "constraint"),
    [
        (ACME, "a-fifth", V42, "gate_passes_gate_known"),
        (ACME, "golden-path", "v42", "gate_passes_release_is_commit"),
        ("tenant/api/production/..", "golden-path", V42, "gate_passes_of_tenant"),
        ("tenant/api/acme", "golden-path", V42, "gate_passes_of_tenant"),
    ],
)
def test_a_pass_that_is_none_is_refused(psql: Psql, stream: str, gate: str, commit: str, constraint: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        psql.passed(gate, stream=stream, commit=commit)
    assert refused.value.diag.constraint_name == constraint


FORBIDDEN = [
    "insert into gate_passes (stream, version, gate, release) "
    "values ('tenant/api/production/acme', 1, 'golden-path', repeat('a', 40))",
    "insert into tenants_live "
    "(stream, version, release, rls_harness, determinism_proof, golden_path, integrations_contract) "
    "values ('tenant/api/production/acme', 3, repeat('a', 40), 1, 2, 3, 3)",
    "update gate_passes set release = repeat('b', 40)",
    "update tenants_live set release = repeat('b', 40)",
    "delete from gate_passes",
    "delete from tenants_live",
    "truncate tenants_live, gate_passes",
    "alter table events disable trigger events_keep_tenant",
    "drop trigger events_keep_tenant on events",
    "create or replace function keep_tenant() returns trigger language plpgsql as 'begin return null; end'",
    "create temporary table told (stream text, version integer, data text); "
    "create trigger told after insert on told for each row execute function keep_tenant()",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_bots_role_may_not(psql: Psql, statement: str) -> None:
    for gate in GATES[:3]:
        psql.passed(gate)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        psql.connection.execute(statement.encode())


def test_events_of_other_streams_are_left_alone(psql: Psql) -> None:
    psql.tells("counter/a", kind="went-live", commit=V42, passes={})
    assert psql.asks("select * from tenants_live") == []
