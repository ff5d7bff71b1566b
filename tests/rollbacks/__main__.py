"""The campaign: so many rounds, one after the other, each told in a line. `make rollbacks` runs it."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sandbox.prepare import prepare
from sandbox.world import PLACES, SERVICE, World, small_world
from tests.acceptance.records import Records
from tests.acceptance.stage import Stage
from tests.rollbacks.place import Place, placed
from tests.rollbacks.rounds import Played, play


def main() -> int:
    """Play; 0 where nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="rounds")
    parser.add_argument("--seed", type=int, default=1, help="of the first; each later one has the next")
    asked = parser.parse_args()
    prepare(needs=("cluster", "slack", "prometheus"))
    with tempfile.TemporaryDirectory(prefix="opsbot-rollbacks-") as folder:
        return asyncio.run(_play(Path(folder), range(asked.seed, asked.seed + asked.times)))


async def _play(folder: Path, seeds: range) -> int:
    began, played, stuck = time.monotonic(), list[Played](), list[str]()
    async with small_world(folder, serve=False) as world, Records(world.owner_url) as records:
        await _leave_alone(world)
        stage = Stage(world, records, "")
        async with placed(stage) as place:
            await _rounds(place, seeds, played, stuck)
        print(await world.opsbot("verify"))
    print(_summary(played, time.monotonic() - began))
    return 1 if stuck or any(each.wrongs for each in played) else 0


async def _rounds(place: Place, seeds: range, played: list[Played], stuck: list[str]) -> None:
    for seed in seeds:
        try:
            played.append(await play(place, seed))
        except (AssertionError, TimeoutError) as cause:
            stuck.append(f"seed {seed} stands still: {cause}")
            print(stuck[-1], flush=True)
            break  # what stands there now would be the next round's beginning
        print(played[-1], flush=True)


async def _leave_alone(world: World) -> None:
    """The sample service's own places have no part in it: their pods leave the machine to the rounds."""
    for namespace in PLACES.values():
        what = ("scale", f"deployment/{SERVICE}", "-n", namespace, "--replicas=0")
        await asyncio.to_thread(world.cluster.kubectl, *what)


def _summary(played: list[Played], seconds: float) -> str:
    met = ", ".join(f"{times} {moment}" for moment, times in Counter(each.met for each in played).most_common())
    asked = sum(len(each.seen.asked) for each in played)
    wrong = [each.course.seed for each in played if each.wrongs]
    edited = sum(each.edited for each in played)
    return (
        f"{len(played)} rounds in {seconds:.0f} s, {edited} with a foreign edit; the deploy was then: {met}; "
        f"questions answered: {asked}; wrong: {wrong or 'none'}"
    )


if __name__ == "__main__":
    sys.exit(main())
