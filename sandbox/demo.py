"""`make demo` and `make tour`: sets the world up, plays the tour while printing it; the demo then stays up."""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from sandbox.prepare import Unavailable, prepare
from sandbox.slack.faults import Fault, Kind
from sandbox.tour import PATIENCE, Players, TourFailed, play
from sandbox.world import SERVICE, World, WorldFailed, small_world

PROVEN = {"proven-in": "staging"}  # production's migrations are tried there first
THINGS_TO_TRY = f"""
Five things to try, in #deploys as Riley, Alex or Casey (the switch is at the page's top):
  1. /deploy {SERVICE} v43    approve your own: refused; as Alex it goes on, and never gets ready
  2. /deploy {SERVICE} v45    its migration has no way back
  3. /rollback {SERVICE}      read what comes back, and what does not
  4. /onboard cumulus                one of its gates fails, and it stays out
  5. /ops                            four questions, and where each of them leads
"""


def main() -> int:
    """Play; 0 only if everything expected was seen."""
    asked = _arguments()
    try:
        prepare(needs=("cluster", "slack", "prometheus"))
    except Unavailable as cause:
        print(cause, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="opsbot-demo-") as folder:
        return asyncio.run(_play(Path(folder), asked))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true", help="stay up after the tour")
    parser.add_argument("--no-tour", action="store_true", help="only stay up")
    parser.add_argument("--crash", action="append", default=[], metavar="VERSION", help="make this version crash")
    parser.add_argument("--swallow", type=int, default=0, metavar="N", help="lose the Nth message to Slack")
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS", help="for one thing")
    return parser.parse_args()


async def _play(folder: Path, asked: argparse.Namespace) -> int:
    began = time.monotonic()
    try:
        async with small_world(folder, crashing=tuple(asked.crash), changes=PROVEN) as world:
            await world.slack.bot_connected(seconds=30)
            print(f"Up after {time.monotonic() - began:.0f} s. Slack is at {world.slack.page_url}", flush=True)
            if asked.swallow:
                world.slack.proxy.inject(_swallow(asked.swallow))
            if not asked.no_tour:
                await play(Players(world, lambda line: print(line, flush=True), asked.patience))
                print(f"The tour took {time.monotonic() - began:.0f} s; everything expected was seen.", flush=True)
            if asked.stay:
                await _stay(world)
    except (TourFailed, WorldFailed) as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


def _swallow(number: int) -> Fault:
    """The message of this number never comes to stand in Slack, and the bot is told that it does."""
    posts = count(1)

    def is_it(message: Mapping[str, Any]) -> bool:
        found = next(posts) == number
        if found:
            print(f"[swallowed: {message['text']}]", flush=True)
        return found

    return Fault("chat.postMessage", Kind.SWALLOW, match=is_it)


async def _stay(world: World) -> None:
    print(f"\nOpsbot stays up. Open {world.slack.page_url}\n{THINGS_TO_TRY}\nCtrl-C ends it.", flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
