"""Databases, sources, health addresses and files as the doctor sees them: fine, and broken."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from bot.adapters.http import HttpxGet, HttpxVerdicts
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.source.git import GitSource
from bot.doctor import files
from bot.doctor.finding import Finding, Verdict
from bot.doctor.outside import OutsideChecks
from bot.doctor.sources import SourceChecks
from bot.settings import Settings, SettingsError
from runbooks.catalogue import Catalogue
from tests.doctor.reading import faults, found, only_fault
from tests.doctor.serving import answering
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.repositories import Repository
from tests.fixtures.schemas import TENANTS, Schema, with_user

OWNER = "service_owner"


def catalogue(repository: str, *, kpis: Mapping[str, Any] | None = None, **place: Any) -> Catalogue:
    """A service with migrations, in one place, of which more may be said."""
    where = {"cluster": "main", "namespace": "prod", "channels": {"deploys": "C1"}, "approval": {"group": "sre"}}
    service = {
        "image": "registry.example/api",
        "source": {"repository": repository},
        "workloads": [{"deployment": "api", "containers": ["api"]}],
        "migrations": {"folder": "db"},
        "kpis": dict(kpis or {}),
        "default-environment": "production",
        "environments": {"production": {**where, **place}},
    }
    clusters, groups = {"main": {"in-cluster": True}}, {"sre": {"members": ["U1"]}}
    return Catalogue.model_validate({"groups": groups, "clusters": clusters, "services": {"api": service}})


async def look(about: Catalogue, folder: Path, database: str = "") -> list[Finding]:
    """All of it; the database's variable holds `database`."""

    def named(variable: str) -> str:
        if not database:
            raise SettingsError(f"{variable} is not set; the catalogue names it.")
        return database

    source = GitSource(folder / "git", environment=os.environ)
    async with httpx.AsyncClient(trust_env=False) as client:
        sources = SourceChecks(source, HttpxVerdicts(client, named)).checks(about)
        return await found([*OutsideChecks(ServiceDatabases(named), HttpxGet(client)).checks(about), *sources])


@pytest.fixture
def source(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "source")
    repository.commit({"README.md": "# A service\n"})
    return repository


@pytest.fixture
def owned(database: DatabaseFactory) -> str:
    """A database of the service's, as its owner, who is nobody else."""
    url = database()
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = %s", (OWNER,)).fetchone():
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(OWNER)))
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("grant create on database {} to {}").format(name, sql.Identifier(OWNER)))
    return with_user(url, OWNER)


async def test_all_is_well(source: Repository, owned: str, tmp_path: Path) -> None:
    async with answering(200) as url:
        about = catalogue(source.url, database="API_DATABASE_URL", url=url)
        findings = await look(about, tmp_path, owned)
    assert faults(findings) == []
    assert [(each.part, each.check) for each in findings] == [
        ("database of api production", "role"),
        ("database of api production", "ledger"),
        ("health of api production", "/health/live"),
        ("health of api production", "/health/ready"),
        ("source", "repository of api"),
    ]
    assert not (tmp_path / "git").exists()


async def test_a_database_that_is_not_there(source: Repository, tmp_path: Path) -> None:
    nowhere = "postgresql://owner:made-up@127.0.0.1:1/api"
    fault = only_fault(await look(catalogue(source.url, database="API_DATABASE_URL"), tmp_path, nowhere))
    assert (fault.part, fault.check, fault.verdict) == ("database of api production", "role", Verdict.MISSING)
    assert "API_DATABASE_URL" in fault.mend
    assert "made-up" not in fault.says


async def test_a_database_that_nobody_named(source: Repository, tmp_path: Path) -> None:
    fault = only_fault(await look(catalogue(source.url, database="API_DATABASE_URL"), tmp_path))
    assert fault.says.startswith("API_DATABASE_URL is not set; the catalogue names it (another check")


async def test_a_superuser_is_nobody_to_migrate_as(
    source: Repository, database: DatabaseFactory, tmp_path: Path
) -> None:
    fault = only_fault(await look(catalogue(source.url, database="API_DATABASE_URL"), tmp_path, database()))
    assert (fault.check, fault.verdict) == ("role", Verdict.WRONG)
    assert "is a superuser and bypasses row security" in fault.says
    assert "NOBYPASSRLS" in fault.mend


async def test_a_ledger_that_can_be_neither_read_nor_made(source: Repository, owned: str, tmp_path: Path) -> None:
    admin = with_user(owned, "postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("revoke create on database {} from {}").format(name, sql.Identifier(OWNER)))
    about = catalogue(source.url, database="API_DATABASE_URL")
    fault = only_fault(await look(about, tmp_path, owned))
    assert (fault.check, fault.verdict) == ("ledger", Verdict.WRONG)
    assert "CREATE SCHEMA opsbot AUTHORIZATION" in fault.says


async def test_a_ledger_that_is_somebody_elses(schema: Schema, tmp_path: Path, owned: str) -> None:
    await schema.applied(TENANTS)
    fault = only_fault(
        await look(catalogue(schema.repository.url, database="X"), tmp_path, with_user(schema.url, OWNER))
    )
    assert (fault.check, fault.verdict) == ("ledger", Verdict.WRONG)
    assert "may not use its schema" in fault.says


async def test_a_migration_that_was_cut_off(schema: Schema, owned: str, tmp_path: Path) -> None:
    await schema.applied(TENANTS)
    await schema.ask("update opsbot.migrations set state = 'applying'")
    findings = await look(catalogue(schema.repository.url, database="X"), tmp_path, schema.url)
    assert [each.check for each in faults(findings)] == ["role"]  # a superuser, as the tests are
    await schema.ask(f"grant usage on schema opsbot to {OWNER}")
    await schema.ask(f"grant select on all tables in schema opsbot to {OWNER}")
    about = catalogue(schema.repository.url, database="X")
    fault = only_fault(await look(about, tmp_path, with_user(schema.url, OWNER)))
    assert (fault.check, fault.says) == ("ledger", "021_tenants.sql of D-106 was begun and is not settled")


async def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    fault = only_fault(await look(catalogue(str(tmp_path / "gone")), tmp_path))
    assert (fault.part, fault.check, fault.verdict) == ("source", "repository of api", Verdict.MISSING)
    assert "source.repository" in fault.mend


async def test_a_service_that_does_not_answer_and_one_that_is_ill(source: Repository, tmp_path: Path) -> None:
    about = catalogue(source.url, url="http://127.0.0.1:1", health={"paths": ["/ready"]})
    fault = only_fault(await look(about, tmp_path))
    assert (fault.part, fault.check, fault.verdict) == ("health of api production", "/ready", Verdict.MISSING)
    assert "no connection" in fault.says
    async with answering(503) as url:
        fault = only_fault(await look(catalogue(source.url, url=url, health={"paths": ["/ready"]}), tmp_path))
    assert (fault.verdict, fault.says) == (Verdict.WRONG, f"{url}/ready answers 503, not 2xx")
    assert "this path" in fault.mend


async def test_files(source: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings().model_copy(update={"state_folder": tmp_path / "to" / "come"})
    about = catalogue(source.url, last_known_good=str(tmp_path / "good" / "lkg.json"))
    assert faults(await found(files.checks(settings, about))) == []
    assert not (tmp_path / "to").exists()
    broken = catalogue(source.url, last_known_good=str(tmp_path / "file" / "lkg.json"))
    fault = only_fault(await found(files.checks(settings, broken)))
    assert (fault.part, fault.check, fault.verdict) == (
        "files",
        "last known good of api production",
        Verdict.WRONG,
    )
    assert "may write to" in fault.mend
