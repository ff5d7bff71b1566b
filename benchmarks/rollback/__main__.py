"""`make bench-rollback`: the way back beside kubectl's, in one run on one cluster, printed as one table."""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import load_after, measured_on
from benchmarks.rollback.way import Way
from benchmarks.rollback.ways import by_kubectl, by_the_bot
from benchmarks.rollback.world import Place, World, world
from benchmarks.table import Row, table
from sandbox.prepare import prepare

_RATIO, _OWN = 1.15, 0.150  # aims: through kubectl's time; seconds


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    prepare(needs=("cluster", "slack"))
    folder = Path(tempfile.mkdtemp(prefix="opsbot-bench-"))
    try:
        asyncio.run(_measured(folder, [Place(replicas) for replicas in asked.replicas], asked.times))
    finally:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 10, 50], help="of the Deployments")
    parser.add_argument("--times", type=int, default=5, help="each way back, in turns")
    return parser.parse_args()


async def _measured(folder: Path, places: Sequence[Place], times: int) -> None:
    async with world(folder, places) as made:
        head = await asyncio.to_thread(measured_on, made.postgres)
        rows = [row for place in places for row in _rows(place, *await _in_turns(made, place, times))]
        print("\n".join([head, await asyncio.to_thread(load_after), "", table(rows)]))


async def _in_turns(made: World, place: Place, times: int) -> tuple[list[Way], list[Way]]:
    """The bot's ways and kubectl's; whose turn is first changes each time. What was first of all is left out."""
    ways: dict[Callable[..., object], list[Way]] = {by_the_bot: [], by_kubectl: []}
    for number in range(times + 1):
        for way_back in (by_the_bot, by_kubectl) if number % 2 else (by_kubectl, by_the_bot):
            await asyncio.to_thread(made.bring_forward, place)
            way = (await way_back(made, place)).way(made)
            print(f"{datetime.now(UTC):%H:%M:%S} {place.name} {way_back.__name__}: {_said(way)}", file=sys.stderr)
            if number:
                ways[way_back].append(way)
    return ways[by_the_bot], ways[by_kubectl]


def _said(way: Way) -> str:
    return f"{way.seconds:.3f} s, own {_millis([way.own])} ({', '.join(f'{part * 1000:.0f}' for part in way.parts)})"


def _rows(place: Place, ours: Sequence[Way], theirs: Sequence[Way]) -> list[Row]:
    size = f"{place.replicas} replica{'' if place.replicas == 1 else 's'}"
    whole, other = _median([way.seconds for way in ours]), _median([way.seconds for way in theirs])
    own, others_own = [way.own for way in ours], [way.own for way in theirs]
    ratio = whole / other
    parts = " + ".join(f"{_median(part) * 1000:.0f}" for part in zip(*(way.parts for way in ours), strict=True))
    return [
        Row(
            f"click to healthy, {size}",
            f"{whole:.2f} s",
            f"kubectl: {other:.2f} s",
            ratio=ratio,
            aim=f"at most {_RATIO}",
            held=ratio <= _RATIO,
        ),
        Row(
            f"its own share, {size}",
            f"{_millis(own)} ({parts})",
            f"kubectl: {_millis(others_own)}",
            aim=f"under {_OWN * 1000:.0f} ms",
            held=_median(own) < _OWN,
        ),
    ]


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _millis(values: Sequence[float]) -> str:
    return f"{_median(values) * 1000:.0f} ms"


if __name__ == "__main__":
    main()
