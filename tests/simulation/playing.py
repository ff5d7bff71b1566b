"""One seed after the other in a process of its own, on a database of its own."""

import logging
import traceback
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.fixtures.store import BOT_USER, as_user
from tests.simulation.checker import violations
from tests.simulation.plants import PLANTS
from tests.simulation.world import Backstage, World


@dataclass(frozen=True)
class Played:
    """What one seed came to."""

    seed: int
    met: Counter[str]
    wrong: list[str]
    trace: str = ""


_stages: list[Backstage] = []  # this process's one


def begin(urls: Any, loud: bool) -> None:
    """In each process: a database of its own."""
    logging.getLogger().setLevel(logging.WARNING if loud else logging.ERROR)
    if not loud:
        logging.lastResort = None
    owner_url = urls.get()
    _stages.append(Backstage(as_user(owner_url, BOT_USER), owner_url))


def play(seed: int, plant: str) -> Played:
    """Play it and look at what came of it."""
    world = World(seed, _stages[0], PLANTS[plant])
    try:
        world.play()
        return Played(seed, world.counts(), violations(world), world.trace())
    except Exception:
        return Played(seed, Counter(), [traceback.format_exc()])


def again(seed: int, plant: str = "") -> str:
    """The command that plays this seed again."""
    return f".venv/bin/python -m tests.simulation --from {seed} --seeds 1 --loud{plant and f' --plant {plant}'}"
