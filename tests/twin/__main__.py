"""`make twin HISTORIES=300 SEED=1`: plays them, some at a time, and writes the table into docs/rollback.md."""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from runbooks.steps.kubernetes.workloads import AnswerLost
from runbooks.vocabulary import Unreachable
from sandbox.cluster.build import build
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.kubectl import KubectlFailed
from sandbox.cluster.kwok import Kwok
from tests.twin.histories import History, history
from tests.twin.judge import RIGHT, where, wrong
from tests.twin.playing import Played, Stage, staged
from tests.twin.report import elsewhere, table, write

_TENTH, _MINUTE = 10, 60


def main() -> int:
    """0 where Opsbot did nothing wrong, and the histories are not trivial."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="opsbot-twin-") as folder, _plane(Path(folder)) as plane, Kwok(plane):
        histories = [history(seed) for seed in range(asked.seed, asked.seed + asked.histories)]
        played = asyncio.run(_play(plane, histories, jobs=asked.jobs, minutes=asked.minutes))
    text = table(played, first=asked.seed, commit=_commit())
    print(text)
    if asked.write:
        write(text)
    faults = [(each, fault) for each in played for fault in wrong(each.opsbot)]
    for each, fault in faults:
        print(f"seed {each.history.seed}: {fault}\n  {each.history}\n  {each.opsbot.said}")
    return 1 if faults or len(elsewhere(played)) * _TENTH < len(played) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=300, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the first")
    parser.add_argument("--jobs", type=int, default=6, help="so many at the same time")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin none after these")
    parser.add_argument("--write", action="store_true", help="write the table into docs/rollback.md")
    return parser.parse_args()


def _plane(folder: Path) -> ControlPlane:
    return ControlPlane(folder, binaries=build(), durable=False)


async def _play(plane: ControlPlane, histories: Sequence[History], *, jobs: int, minutes: float) -> list[Played]:
    began, turns, played = time.monotonic(), asyncio.Semaphore(jobs), list[Played]()

    async def one(stage: Stage, each: History) -> None:
        async with turns:
            if time.monotonic() - began >= minutes * _MINUTE:
                return
            try:
                played.append(found := await stage.play(each))
            except (Unreachable, AnswerLost, TimeoutError, OSError, KubectlFailed) as busy:
                print(f"seed {each.seed} was not played: {type(busy).__name__} {busy}", flush=True)
                return
        right = where(found.opsbot) == RIGHT
        print(f"{len(played)} ({time.monotonic() - began:.0f} s) {each}: {right}, {where(found.kubectl)}", flush=True)

    async with staged(plane, ["twin-opsbot", "twin-kubectl"], list(histories)) as stage:
        await asyncio.gather(*(one(stage, each) for each in histories))
    return sorted(played, key=lambda each: each.history.seed)


def _commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
