"""`make bench`: one run on one machine and one PostgreSQL, printed as one table."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import acknowledge, far, history, idle, memory, recovery, restarts, started
from benchmarks.contest import Contestant, contestants, opsbot
from benchmarks.machine import load_after, measured_on
from benchmarks.table import Row, table
from sandbox.postgres import PostgresServer

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
        print("\n".join([*head, load_after(), "", table(rows)]))


def _head(server: PostgresServer, peers: list[Contestant]) -> list[str]:
    """Where, when and with what it was measured."""
    return [measured_on(server), *(f"{peer.name}: {peer.settings}." for peer in peers)]


if __name__ == "__main__":
    main()
