"""The contestants as programs: started, listened to, killed."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cache import cache_folder, cached, recipe_key
from sandbox.postgres import PostgresServer
from sandbox.tether import tethered

SLOTS = 8  # of every worker
_ROOT = Path(__file__).parent.parent
_LOCK = _ROOT / "requirements" / "bench.txt"
SETTLED = 1.0  # seconds; a run's end is committed a moment after its last step told it
_PATIENCE = 60.0  # seconds for what is to be told soon


@dataclass(frozen=True)
class Told:
    """A line of a program's: what happened to which item, at which second of the machine's monotonic clock."""

    word: str
    item: str
    at: float


@dataclass
class Program:
    """One that runs, and all that it has told."""

    process: asyncio.subprocess.Process
    told: list[Told] = field(default_factory=list)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        """To its end."""
        assert self.process.stdout  # noqa: S101  # it was started with one
        async for line in self.process.stdout:
            word, item, at = line.decode().split()
            self.told.append(Told(word, item, float(at)))
            async with self._more:
                self._more.notify_all()
        await self.process.wait()
        async with self._more:
            self._more.notify_all()

    def of(self, word: str) -> list[Told]:
        """What it has told by this word."""
        return [told for told in self.told if told.word == word]

    async def until(self, word: str, count: int = 1, *, seconds: float = _PATIENCE) -> list[Told]:
        """Once it has told so many by this word. TimeoutError."""
        async with asyncio.timeout(seconds), self._more:
            await self._more.wait_for(lambda: len(self.of(word)) >= count or self.process.returncode is not None)
        if len(self.of(word)) < count:
            raise RuntimeError(f"it ended with {self.process.returncode} after {len(self.of(word))} {word}")
        return self.of(word)

    def kill(self) -> float:
        """SIGKILL; the second at which."""
        self.process.kill()
        return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Contestant:
    """Opsbot or a peer on a database of its own."""

    name: str
    settings: str  # in words
    command: tuple[str, ...]
    url: str
    items_are_steps: bool = False  # it has no steps: a job is its one durable step

    @asynccontextmanager
    async def runs(self, *words: object) -> AsyncIterator[Program]:
        """It, at these words; killed at the end."""
        process = await asyncio.create_subprocess_exec(
            *tethered([*self.command, words[0], self.url, *map(str, words[1:])]), stdout=subprocess.PIPE
        )
        program = Program(process)
        listening = asyncio.create_task(program.listen())
        try:
            yield program
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await listening

    @asynccontextmanager
    async def works(self, name: str = "a", *, hangs: bool = False) -> AsyncIterator[Program]:
        """A worker of it that is up."""
        async with self.runs("work", name, SLOTS, *(["hangs"] if hangs else [])) as worker:
            await worker.until("up")
            yield worker

    async def asks(self, count: int, *, steps: int = 1, gap: float = 0.0, prefix: str) -> list[Told]:
        """Ask for so many items of so many steps, `gap` seconds apart; when each was ready."""
        async with self.runs("ask", count, steps, gap, prefix) as asking:
            jobs = count * steps if self.items_are_steps else count
            return await asking.until("ready", jobs, seconds=_PATIENCE + 2 * gap * count)


def contestants(server: PostgresServer) -> list[Contestant]:
    """All three, each with its tables made; the peers from a virtual environment of their own."""
    return [opsbot(server), *_peers(server)]


def opsbot(server: PostgresServer, database: str = "opsbot") -> Contestant:
    """It, as the role that may not change what is recorded."""
    settings = "notified, looks once a second; leases of 10 s, renewed every 3; 8 slots"
    found = Contestant("Opsbot", settings, _command("opsbot", sys.executable), server.url(database, user="opsbot"))
    _prepare(server, database, [*found.command, "prepare", server.url(database), found.url])
    return found


def _peers(server: PostgresServer) -> list[Contestant]:
    python = str(_environment() / "bin" / "python")
    dbos = Contestant(
        f"DBOS {_version(python, 'dbos')}",
        "a registered queue with its default polling of 1 s, 8 workflows a worker; without its management service",
        _command("dbos", python),
        server.url("dbos"),
    )
    procrastinate = Contestant(
        f"procrastinate {_version(python, 'procrastinate')}",
        "notified, looks every 5 s; heartbeats of 10 s, stalled after 30 s, looked for every minute (its page: every "
        "ten); 8 jobs a worker",
        _command("procrastinate", python),
        server.url("procrastinate"),
        items_are_steps=True,
    )
    for name, peer in (("dbos", dbos), ("procrastinate", procrastinate)):
        _prepare(server, name, [*peer.command, "prepare", peer.url])
    return [dbos, procrastinate]


def _command(name: str, python: str) -> tuple[str, ...]:
    return python, str(_ROOT / "benchmarks" / "contestants" / f"with_{name}.py")


def _prepare(server: PostgresServer, database: str, command: list[str]) -> None:
    server.create_database(database)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _environment() -> Path:
    """The peers' virtual environment, in the cache; made from pinned and hashed wheels when it is first needed."""

    def make(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--require-hashes", "--requirement", str(_LOCK)], check=True)

    key = recipe_key(_LOCK.read_bytes(), sys.version.encode())
    return cached(cache_folder() / f"bench-{key}", make)


def _version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


Progress = Callable[[str], None]
"""Hears what is measured now."""
