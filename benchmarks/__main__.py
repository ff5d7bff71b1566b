"""`make bench`: one run on one machine and one PostgreSQL, printed as one table."""

import argparse
import asyncio
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import acknowledge, far, history, idle, memory, recovery, restarts, started
from benchmarks.contest import Contestant, contestants, opsbot
from benchmarks.table import Row, table
from sandbox.postgres import PostgresServer

_LOOKED = 5.0  # seconds
ROOT = Path(__file__).parent.parent
PARTS = ("acknowledge", "far", "started", "recovery", "idle", "history", "memory", "restarts")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these figures alone")
    chosen = parser.parse_args().only
    folder = Path(tempfile.mkdtemp(prefix="opsbot-bench-"))
    try:
        with PostgresServer(folder / "postgres", durable=True) as server:
            asyncio.run(_measured(server, folder, chosen))
    finally:
        shutil.rmtree(folder)


async def _measured(server: PostgresServer, folder: Path, chosen: list[str]) -> None:
    """Print the whole page; where something fails, with what was measured before."""
    alone = {"acknowledge", "far", "history", "memory", "restarts"}.issuperset(chosen)
    ours, *peers = [opsbot(server)] if alone else contestants(server)
    parts: dict[str, Callable[[], Awaitable[list[Row]]]] = {
        "acknowledge": lambda: acknowledge.measure(opsbot(server, "acknowledge").url),
        "far": lambda: far.measure(opsbot(server, "far").url),
        "started": lambda: started.measure(ours, peers),
        "recovery": lambda: recovery.measure(ours, *peers),
        "idle": lambda: idle.measure(server, ours, peers, folder / "idle"),
        "history": lambda: history.measure(opsbot(server, "history").url),
        "memory": lambda: memory.measure(opsbot(server, "memory")),
        "restarts": lambda: restarts.measure(server, opsbot(server, "restarts")),
    }
    rows: list[Row] = []
    head = _head(server, peers)
    try:
        for name in (part for part in PARTS if part in chosen):
            print(f"{datetime.now(UTC):%H:%M:%S} {name}", file=sys.stderr)
            rows += await parts[name]()
    finally:
        print(
            "\n".join(
                [*head, f"Load after it {os.getloadavg()[0]:.1f}, processors idle {_idle():.0%}.", "", table(rows)]
            )
        )


def _head(server: PostgresServer, peers: list[Contestant]) -> list[str]:
    """Where, when and with what it was measured."""
    [(version,)] = server.execute("show server_version")
    [(fsync,)] = server.execute("show fsync")
    cores, memory_gib = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}; {cores} cores, {memory_gib:.0f} GiB, "
        f"Python {platform.python_version()}, PostgreSQL {version} on the same machine, fsync {fsync}; "
        f"load before it {os.getloadavg()[0]:.1f}, processors idle {_idle():.0%}.",
    ]
    return [*lines, *(f"{peer.name}: {peer.settings}." for peer in peers)]


def _idle() -> float:
    """The share of the processors' time that nobody used, of some seconds; an average load tells of minutes ago."""

    def ticks() -> list[int]:
        return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]

    before = ticks()
    time.sleep(_LOOKED)
    spent = [after - earlier for after, earlier in zip(ticks(), before, strict=True)]
    return spent[3] / sum(spent)


def _commit() -> str:
    """Short, and whether the tree differs from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return git("rev-parse", "--short", "HEAD") + changed


if __name__ == "__main__":
    main()
