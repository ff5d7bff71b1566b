"""Plays seed after seed; `make simulate SEEDS=5000 FROM=1`. A seed that fails is printed, and how to see it again."""

import argparse
import sys
import time
from collections import Counter

from bot.adapters.postgres.migrate import grant_login, migrate
from tests.fixtures.postgres import temporary_server
from tests.fixtures.store import BOT_USER, as_user
from tests.simulation.checker import violations
from tests.simulation.plants import PLANTS
from tests.simulation.world import Backstage, World


def main() -> int:
    """0 where every seed held."""
    asked = _arguments()
    with temporary_server() as server:
        server.create_database("simulated")
        owner_url = server.url("simulated")
        migrate(owner_url)
        grant_login(owner_url, as_user(owner_url, BOT_USER))
        stage = Backstage(as_user(owner_url, BOT_USER), owner_url)
        try:
            return _play(stage, asked)
        finally:
            stage.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first")
    parser.add_argument("--plant", choices=sorted(PLANTS), default="", help="something wrong on purpose")
    parser.add_argument("--loud", action="store_true", help="print what each seed met")
    return parser.parse_args()


def _play(stage: Backstage, asked: argparse.Namespace) -> int:
    began, met, failed = time.monotonic(), Counter[str](), list[int]()
    for seed in range(asked.first, asked.first + asked.seeds):
        world = World(seed, stage, PLANTS[asked.plant])
        world.play()
        wrong = violations(world)
        met += world.counts()
        if asked.loud or wrong:
            print(f"seed {seed} ({world.trace()}): {dict(world.counts())}", *wrong, sep="\n  ", flush=True)
        if wrong:
            failed.append(seed)
            print(f"  again: {again(seed, asked.plant)}", flush=True)
            if asked.plant:
                break
    last = seed - asked.first + 1
    print(f"{last} seeds from {asked.first} in {time.monotonic() - began:.0f} s; failed: {failed or 'none'}")
    print(", ".join(f"{count} {what}" for what, count in sorted(met.items())))
    return 1 if failed else 0


def again(seed: int, plant: str = "") -> str:
    """The command that plays this seed again."""
    return f".venv/bin/python -m tests.simulation --from {seed} --seeds 1 --loud{plant and f' --plant {plant}'}"


if __name__ == "__main__":
    sys.exit(main())
