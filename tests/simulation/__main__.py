"""Plays seed after seed; `make simulate SEEDS=5000 FROM=1`. A seed that fails is printed, and how to see it again."""

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from functools import partial
from typing import Any

from bot.adapters.postgres.migrate import grant_login, migrate
from tests.fixtures.postgres import temporary_server
from tests.fixtures.store import BOT_USER, as_user
from tests.simulation.plants import PLANTS
from tests.simulation.playing import again, begin, play

EVERY = 100  # seeds, after which it is said how far it is


def main() -> int:
    """0 where every seed held."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server and the players end too
    jobs = min(asked.jobs, asked.seeds)
    with temporary_server() as server:
        server.create_database("simulated")
        migrate(server.url("simulated"))
        grant_login(server.url("simulated"), as_user(server.url("simulated"), BOT_USER))
        here = multiprocessing.get_context("spawn")
        urls = here.SimpleQueue()
        for number in range(jobs):
            server.create_database(f"simulated_{number}", "simulated")
            urls.put(server.url(f"simulated_{number}"))
        with here.Pool(jobs, begin, (urls, asked.loud)) as pool:
            return _play(pool, asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many at the same time")
    parser.add_argument("--plant", choices=sorted(PLANTS), default="", help="something wrong on purpose")
    parser.add_argument("--loud", action="store_true", help="print what each seed met, and what the bot logs")
    return parser.parse_args()


def _play(pool: Any, asked: argparse.Namespace) -> int:
    began, met, failed, last = time.monotonic(), Counter[str](), list[int](), asked.first
    seeds = range(asked.first, asked.first + asked.seeds)
    for played in pool.imap(partial(play, plant=asked.plant), seeds):
        met, last = met + played.met, played.seed
        if asked.loud or played.wrong:
            print(f"seed {last} ({played.trace}): {dict(played.met)}", *played.wrong, sep="\n  ", flush=True)
        if played.wrong:
            failed.append(last)
            print(f"  again: {again(last, asked.plant)}", flush=True)
            if asked.plant:
                break
        elif last % EVERY == 0:
            print(f"up to seed {last}: {_sums(began, failed, met)}", flush=True)
    print(f"{last - asked.first + 1} seeds from {asked.first}: {_sums(began, failed, met)}")
    return 1 if failed else 0


def _sums(began: float, failed: list[int], met: Counter[str]) -> str:
    found = ", ".join(f"{count} {what}" for what, count in sorted(met.items()))
    return f"{time.monotonic() - began:.0f} s, failed: {failed or 'none'}, {found}"


if __name__ == "__main__":
    sys.exit(main())
