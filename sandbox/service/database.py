"""The sample service's own databases: made with the schema of a version, as a real one would stand there."""

import re
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox.postgres import PostgresServer
from sandbox.service.repository import git

ROLE = "solvereign"
MIGRATIONS = "backend_py/db/migrations"
TENANTS = (("acme", 1, 1), ("borealis", 2, 1), ("cumulus", 0, 1), ("delta", 1, 0))
"""Code, number of shifts, number of profiles. acme passes every gate of onboarding; borealis fails the determinism
proof, cumulus the golden path, delta the integrations contract; any tenant that is not there fails the RLS harness.
"""

GATES = frozenset({"rls-harness", "determinism-proof", "golden-path", "integrations-contract"})


def migrations(repository: Path, version: str) -> dict[str, str]:
    """The up-scripts of a version in order: name, such as 023_policy_profiles, to text."""
    listed = git(repository, "ls-tree", "--name-only", f"{version}:{MIGRATIONS}").splitlines()
    names = sorted(name for name in listed if re.fullmatch(r"\d{3}_(?!rollback\b)\w+\.sql", name))
    return {name.removesuffix(".sql"): git(repository, "show", f"{version}:{MIGRATIONS}/{name}") for name in names}


def prepare(server: PostgresServer, name: str, *, repository: Path, version: str) -> str:
    """Make the database anew with the schema of `version` and its tenants; its URL for the service.

    The service's role owns it, as the one who migrates. No ledger of migrations is made: that is the bot's.
    """
    server.create_role(ROLE)
    server.drop_database(name)
    server.create_database(name, owner=ROLE)
    url = server.url(name, user=ROLE)
    with psycopg.connect(url) as connection:
        for text in migrations(repository, version).values():
            connection.execute(sql.SQL(text))
        for tenant, shifts, profiles in TENANTS:
            _add(connection, tenant, shifts=shifts, profiles=profiles)
    return url


def _add(connection: psycopg.Connection[tuple[object, ...]], tenant: str, *, shifts: int, profiles: int) -> None:
    """A tenant with so many shifts, all alike, and its profile or none."""
    connection.execute("select set_config('app.tenant', %s, true)", [tenant])
    connection.execute("insert into tenants (code, name) values (%s, %s)", [tenant, f"{tenant.capitalize()} Example"])
    for _ in range(shifts):
        connection.execute(
            "insert into shifts (tenant, site, starts_at, ends_at)"
            " values (%s, 'Harbour', '2026-02-01 06:00+00', '2026-02-01 14:00+00')",
            [tenant],
        )
    for _ in range(profiles):
        _add_profile(connection, tenant)


def add_profile(url: str, tenant: str) -> None:
    """Give a tenant its profile: what delta lacks."""
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", [tenant])
        _add_profile(connection, tenant)


def _add_profile(connection: psycopg.Connection[tuple[object, ...]], tenant: str) -> None:
    connection.execute("insert into policy_profiles (tenant, name) values (%s, 'default')", [tenant])
