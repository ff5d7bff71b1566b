"""Play one campaign and tell what came of it: `make chaos SEED=1 MINUTES=20`."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from sandbox.prepare import prepare
from tests.chaos.campaign import Asked, Result, play
from tests.chaos.checker import Kind

_SHOWN = 40  # violations


def main() -> int:
    """0 where every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=20, help="of load and faults; a few more until all has ended"
    )
    parser.add_argument("--services", type=int, default=40)
    asked = parser.parse_args()
    prepare(needs=("cluster", "slack"))
    folder = Path(tempfile.mkdtemp(prefix="opsbot-chaos-"))
    played = Asked(asked.seed, asked.minutes * 60, asked.services)
    result = asyncio.run(play(folder, played, partial(print, flush=True)))
    print(told(result))
    print(row(result, _commit()))
    if not result.found:
        shutil.rmtree(folder)
        return 0
    again = f"make chaos SEED={asked.seed} MINUTES={asked.minutes:g}"
    print(f"{len(result.found)} violations. Again, as far as the machine's speed lets it: {again}. Logs: {folder}")
    return 1


def told(result: Result) -> str:
    """The table."""
    parts = (
        ("runs", result.ends),
        ("gestures", result.did),
        ("effects", result.effects),
        ("checked", result.checked),
        ("faults", result.met),
    )
    lines = [f"{what:9} {count:6} {name}" for what, counts in parts for name, count in sorted(counts.items())]
    lines += [f"process   ended by itself: {how}" for how in result.ended]
    lines += [f"{found.kind:9} {found.sentence}" for found in result.found[:_SHOWN]]
    return "\n".join(lines)


def row(result: Result, commit: str) -> str:
    """A row of the table in docs/reliability.md."""
    met, ends = result.met, result.ends
    slack = sum(count for name, count in met.items() if name.startswith(("Slack", "gestures", "deaf", "sockets")))
    requests = sum(count for name, count in met.items() if name.startswith("API"))
    cells = (
        *(result.asked.seed, f"`{commit}`", f"{result.seconds / 60:.0f}", sum(ends.values())),
        *(ends["deploy succeeded"], met["kills"], met["stops"], met["database restarts"], met["backends ended"]),
        *(slack, requests, *(result.of(kind) for kind in Kind)),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _commit() -> str:
    described = ["git", "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
    found = subprocess.run(
        described,
        cwd=Path(__file__).parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
