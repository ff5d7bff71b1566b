"""The sample service's gates of onboarding: which tenant fails which, and how a row mends it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.node.images import Images
from sandbox.postgres import PostgresServer
from sandbox.service.database import prepare
from sandbox.service.manifests import IMAGE
from sandbox.service.repository import commit_of

GATES = ("rls-harness", "determinism-proof", "golden-path", "integrations-contract")
FAILS = {
    "atlantis": "rls-harness",
    "borealis": "determinism-proof",
    "cumulus": "golden-path",
    "delta": "integrations-contract",
}
MENDS = {
    "atlantis": "insert into tenants (code, name) values ('atlantis', 'Atlantis Example')",
    "borealis": "update shifts set site = 'Airport' where id = (select max(id) from shifts)",
    "cumulus": "insert into shifts (tenant, site, starts_at, ends_at) "
    "values ('cumulus', 'Harbour', now(), now() + interval '8 hours')",
    "delta": "insert into policy_profiles (tenant, name) values ('delta', 'default')",
}


@pytest.fixture(scope="module")
def files(service_repository: Path, image_cache: Path) -> Path:
    return Images({IMAGE: service_repository}, image_cache).pull(f"{IMAGE}:v42").files


@pytest.fixture
def url(postgres_server: PostgresServer, service_repository: Path) -> str:
    return prepare(postgres_server, "solvereign_onboarding", repository=service_repository, version="v42")


def validate(files: Path, url: str, tenant: str, *more: str) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the reports, and all that it printed."""
    tool = [sys.executable, "-m", "backend_py.tools.onboarding_contract", "validate"]
    command = [*tool, "--tenant", tenant, "--environment", "staging", *more]
    environment = {"PATH": os.environ["PATH"], "STAGING_DATABASE_URL": url}
    done = subprocess.run(command, cwd=files, env=environment, capture_output=True, text=True, check=False)
    mark = "onboarding-report:"
    reports = [json.loads(line.removeprefix(mark)) for line in done.stdout.splitlines() if line.startswith(mark)]
    return done.returncode, reports, done.stdout + done.stderr


def passed(reports: list[dict[str, Any]]) -> dict[str, bool]:
    return {report["gate"]: report["passed"] for report in reports}


def test_acme_passes_all_four(files: Path, url: str, service_repository: Path) -> None:
    code, reports, said = validate(files, url, "acme")
    assert (code, passed(reports)) == (0, dict.fromkeys(GATES, True)), said
    assert {report["commit"] for report in reports} == {commit_of(service_repository, "v42")}


@pytest.mark.parametrize(("tenant", "gate"), FAILS.items())
def test_others_fail_one_each_until_a_row_mends_it(files: Path, url: str, tenant: str, gate: str) -> None:
    code, [report], said = validate(files, url, tenant, "--gate", gate)
    assert (code, report["passed"]) == (1, False), said
    assert [check["detail"] for check in report["checks"] if not check["passed"]] != [""]
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", [tenant])
        connection.execute(MENDS[tenant].encode())
    code, [report], said = validate(files, url, tenant, "--gate", gate)
    assert (code, report["passed"]) == (0, True), said


@pytest.mark.parametrize("tenant", ["borealis", "cumulus", "delta"])
def test_they_pass_the_other_three(files: Path, url: str, tenant: str) -> None:
    _, reports, said = validate(files, url, tenant)
    assert passed(reports) == {gate: gate != FAILS[tenant] for gate in GATES}, said


def test_nothing_of_the_golden_path_stays(files: Path, url: str) -> None:
    def shifts() -> int:
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.tenant', 'acme', true)")
            [(count,)] = connection.execute("select count(*) from shifts").fetchall()
            return int(count)

    before = shifts()
    assert validate(files, url, "acme", "--gate", "golden-path")[0] == 0
    assert shifts() == before


def test_a_table_that_is_open_fails_the_harness_for_everybody(files: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("alter table shifts no force row level security")
    code, [report], _ = validate(files, url, "acme", "--gate", "rls-harness")
    assert code == 1
    failed = [check["name"] for check in report["checks"] if not check["passed"]]
    assert failed == ["shifts: row security is forced", "shifts: no row of others"]


def test_without_a_database_there_is_no_report(files: Path) -> None:
    code, reports, said = validate(files, "postgresql://nobody@127.0.0.1:1/none", "acme", "--gate", "golden-path")
    assert (code, reports) == (2, [])
    assert said.startswith("the database: ")
