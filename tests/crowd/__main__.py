"""Plays it: `make crowd`. Slack is as strict as its documentation; exit code 1 where a card came too late."""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.slack.journal import Journal
from tests.crowd.play import Crowd
from tests.crowd.world import world

AT_ONCE = "at once", 300.0  # seconds in which the last one of 200 is to be shown
IN_TURN = "40 a minute", 60.0


def main() -> int:
    """0 where every end was shown in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2, help="of the bot")
    asked = parser.parse_args()
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    load = f"load {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores"
    print(f"{asked.runs} runs, {asked.processes} processes, {load}, commit {commit}", flush=True)
    with tempfile.TemporaryDirectory(prefix="opsbot-crowd-") as folder:
        return asyncio.run(_play(Path(folder), asked.runs, asked.processes))


async def _play(folder: Path, runs: int, processes: int) -> int:
    async with world(folder, services=runs, processes=processes) as made:
        at_once = Crowd(made)
        cards = await at_once.begins()
        print("all run; now they end at once", flush=True)
        await at_once.end_at_once(cards)
        held = [_told(AT_ONCE, at_once.late(), made.slack.journal)]
        in_turn = Crowd(made)
        cards = await in_turn.begins()
        print("all run; now 40 end a minute", flush=True)
        made.slack.journal.clear()
        await in_turn.end_in_turn(cards, every=1.5)
        held.append(_told(IN_TURN, in_turn.late(), made.slack.journal))
        return 0 if all(held) else 1


def _told(what: tuple[str, float], late: Sequence[float], journal: Journal) -> bool:
    name, most = what
    refused = sum(call.status == 429 for call in journal.entries)
    middle, last = late[len(late) // 2], late[-1]
    told = f"shown after {middle:.1f} s (median), {last:.1f} s (last, of {most:.0f} at most)"
    print(f"{name}: {len(late)} ends, {told}; {refused} calls refused", flush=True)
    return last <= most


if __name__ == "__main__":
    sys.exit(main())
