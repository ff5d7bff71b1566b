"""The whole campaign: rounds until every kind of work was killed so often in its middle. `make kills` runs it."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sandbox.prepare import prepare
from tests.acceptance.rounds import Met, kill_in_the_middle, printed
from tests.acceptance.stage import KINDS, staged

_AT_MOST = 4  # rounds for each kill that is wanted


def main() -> int:
    """Play; 0 where every effect was seen once, and no run stood still."""
    asked = _arguments()
    prepare(needs=("cluster", "slack", "prometheus"))
    with tempfile.TemporaryDirectory(prefix="opsbot-kills-") as folder:
        return asyncio.run(_play(Path(folder), asked))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each kind of work, in its middle")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each later one has the next")
    parser.add_argument("--lease", type=float, default=10, help="seconds")
    return parser.parse_args()


async def _play(folder: Path, asked: argparse.Namespace) -> int:
    began, met = time.monotonic(), list[Met]()
    async with staged(folder, lease=asked.lease) as stage:
        for seed in range(asked.seed, asked.seed + _AT_MOST * asked.kills):
            met += (found := await kill_in_the_middle(stage, seed, lease=asked.lease))
            print(printed(found, seed), flush=True)
            if all(_hit(met, kind) >= asked.kills for kind in KINDS):
                break
        print(await stage.world.opsbot("verify"))
    print(f"Seeds {asked.seed} to {seed}, leases of {asked.lease:g} s, {time.monotonic() - began:.0f} s.")
    return _told(met, asked.kills)


def _told(met: list[Met], wanted: int) -> int:
    for kind in KINDS:
        moments = Counter(one.moment for one in met if one.kind == kind)
        wrong = [one.run for one in met if one.kind == kind and not one.once]
        told = ", ".join(f"{times} {moment}" for moment, times in moments.most_common())
        print(f"{kind:9} killed in its middle {_hit(met, kind)} times ({told}); not once: {wrong or 'none'}")
    fell_short = any(_hit(met, kind) < wanted for kind in KINDS)
    return 1 if fell_short or not all(one.once for one in met) else 0


def _hit(met: list[Met], kind: str) -> int:
    return sum(one.in_the_middle for one in met if one.kind == kind)


if __name__ == "__main__":
    sys.exit(main())
