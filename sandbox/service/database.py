"""The sample service's own databases: made with the schema of a version, as a real one would stand there."""

import re
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox.postgres import PostgresServer
from sandbox.service.repository import git

ROLE = "solvereign"
MIGRATIONS = "backend_py/db/migrations"


def migrations(repository: Path, version: str) -> dict[str, str]:
    """The up-scripts of a version in order: name, such as 023_policy_profiles, to text."""
    listed = git(repository, "ls-tree", "--name-only", f"{version}:{MIGRATIONS}").splitlines()
    names = sorted(name for name in listed if re.fullmatch(r"\d{3}_(?!rollback\b)\w+\.sql", name))
    return {name.removesuffix(".sql"): git(repository, "show", f"{version}:{MIGRATIONS}/{name}") for name in names}


def prepare(server: PostgresServer, name: str, *, repository: Path, version: str) -> str:
    """Make the database anew with the schema of `version`, one tenant and one shift in it; its URL for the service.

    The service's role owns it, as the one who migrates. No ledger of migrations is made: that is the bot's.
    """
    server.create_role(ROLE)
    server.drop_database(name)
    server.create_database(name, owner=ROLE)
    url = server.url(name, user=ROLE)
    with psycopg.connect(url) as connection:
        for text in migrations(repository, version).values():
            connection.execute(sql.SQL(text))
        connection.execute("select set_config('app.tenant', 'acme', true)")
        connection.execute("insert into tenants (code, name) values ('acme', 'Acme Example')")
        connection.execute(
            "insert into shifts (tenant, site, starts_at, ends_at)"
            " values ('acme', 'Harbour', '2026-02-01 06:00+00', '2026-02-01 14:00+00')"
        )
    return url
