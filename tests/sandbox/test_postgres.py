"""The embedded PostgreSQL: databases, roles, a stop, and the end with its parent."""

import os
import select
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from sandbox.postgres import PostgresFailed, PostgresServer
from tests.fixtures.postgres import DatabaseFactory, TemplateFactory, temporary_server


def _fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table tenants (code text primary key)")


def test_a_template_is_built_once_and_copied_per_test(
    postgres_template: TemplateFactory, database: DatabaseFactory
) -> None:
    name = postgres_template("filled", _fill)
    assert postgres_template("filled", _fill) == name
    first, second = database(template=name), database(template=name)
    with psycopg.connect(first) as connection:
        connection.execute("insert into tenants values ('acme')")
    with psycopg.connect(second) as connection:
        assert connection.execute("select * from tenants").fetchall() == []


def test_an_empty_database_is_empty(database: DatabaseFactory) -> None:
    with psycopg.connect(database()) as connection:
        assert connection.execute("select 1 from pg_class where relname = 'tenants'").fetchall() == []


def test_a_role_may_log_in_and_is_not_a_superuser(postgres_server: PostgresServer) -> None:
    postgres_server.create_role("sandbox_reader")
    postgres_server.create_role("sandbox_reader")
    with psycopg.connect(postgres_server.url(user="sandbox_reader")) as connection:
        assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)


@pytest.mark.parametrize("abruptly", [False, True])
def test_data_and_address_outlive_a_stop(abruptly: bool) -> None:
    with temporary_server() as server:
        server.create_database("kept")
        address = server.url("kept")
        server.stop(abruptly=abruptly)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(address)
        server.start()
        psycopg.connect(address).close()


def test_a_port_that_is_taken_is_said(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with (
        pytest.raises(PostgresFailed, match="could not bind"),
        PostgresServer(tmp_path / "server", port=postgres_server.port),
    ):
        pass


_ROOT = Path(__file__).parents[2]
_PARENT = """
import signal, sys
from pathlib import Path
from sandbox.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
signal.pause()
"""


def test_it_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "server")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as parent:
        assert parent.stdout is not None
        watched = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        assert _ended(watched, seconds=20)
    finally:
        os.close(watched)


def _ended(process: int, *, seconds: float) -> bool:
    ready, _, _ = select.select([process], [], [], seconds)
    return bool(ready)
