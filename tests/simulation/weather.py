"""What goes wrong for a while, by the seed: outages, processes that are asked to stop, people who leave a group."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from tests.engine.world import ALEX, SAM
from tests.simulation.hands import Faults

SPELLS = (0, 1, 3, 6)  # how many spells of bad weather one seed may have
LONGEST = 25.0  # seconds
EVERYBODY = ""
PLACES = ("The store", "The cluster", "The service's database", "Slack")


def mixture(random: Random) -> Faults:
    """Each seed has its own: what is rare among much else is common here and there."""

    def rate(most: float) -> float:
        return random.choice([0.0, most / 10, most])

    return Faults(
        kill=rate(0.01),
        stop=rate(0.01),
        freeze=rate(0.02),
        lose=rate(0.02),
        refuse=rate(0.02),
        late=rate(0.3),
        focus=random.choice([1, 1, 10, 30]),
    )


class Weather:
    """The spells of one seed."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._random: Random = world.random
        self._away: dict[tuple[str, str], int] = {}

    def silent(self, place: str, owner: str) -> bool:
        """Whether this does not answer this process now."""
        return bool(self._away) and bool(self._away.get((place, EVERYBODY)) or self._away.get((place, owner)))

    async def lasts(self, seconds: float) -> None:
        """One spell after the other or together; all are over at the end."""
        async with asyncio.timeout(seconds + 1), asyncio.TaskGroup() as group:
            for _ in range(self._random.choice(SPELLS)):
                begins = self._random.uniform(0, seconds)
                group.create_task(self._spell(begins, min(begins + self._random.uniform(1, LONGEST), seconds)))

    async def _spell(self, begins: float, ends: float) -> None:
        kinds = (self._outage, self._outage, self._outage, self._nobody_known, self._no_source, self._leaves)
        kind: Callable[[], Callable[[], None]] = self._random.choice([*kinds, self._retires, self._retires])
        await asyncio.sleep(begins)
        over = kind()
        await asyncio.sleep(ends - begins)
        over()

    def _outage(self) -> Callable[[], None]:
        place = self._random.choice(PLACES)
        there = [replica.hand.owner for replica in self._world.replicas()]
        away = (place, self._random.choice([EVERYBODY, *there]))
        self._away[away] = self._away.get(away, 0) + 1

        def over() -> None:
            self._away[away] -= 1

        return over

    def _nobody_known(self) -> Callable[[], None]:
        return self._set(self._world.members)

    def _no_source(self) -> Callable[[], None]:
        return self._set(self._world.source)

    def _set(self, what: Any) -> Callable[[], None]:
        what.silent = True

        def over() -> None:
            what.silent = False

        return over

    def _leaves(self) -> Callable[[], None]:
        """Somebody is no approver any more, and then is again."""
        who = self._random.choice([ALEX, SAM])
        self._world.members.leaves(who)
        return lambda: self._world.members.joins(who)

    def _retires(self) -> Callable[[], None]:
        """A process is asked to stop, as with a new release."""
        if there := self._world.replicas():
            self._world.retires(self._random.choice(there))
        return lambda: None
