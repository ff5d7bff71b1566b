"""The nemesis: lanes of faults side by side, until it is told to end; then nothing fails any more."""

import asyncio
import random
import signal
from collections import Counter

from tests.chaos.harm import Cluster, Database, Kills, Lane, Slack, Stops, signal_api, signal_database
from tests.chaos.world import World

LANES: tuple[type[Lane], ...] = (Kills, Stops, Database, Slack, Cluster)


class Nemesis:
    """`met` counts what it did, beside what processes and wires count themselves."""

    def __init__(self, world: World, seed: int) -> None:
        self.met: Counter[str] = Counter()
        self.ended = asyncio.Event()
        self._world = world
        world.api.whims = self._whims(seed, "requests")
        self._lanes = [lane(world, self.met, self._whims(seed, lane.name)) for lane in LANES]

    async def rage(self) -> None:
        """Until it is ended; each fault that has begun is undone."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.go(self.ended))

    async def calm(self) -> None:
        """Nothing fails any more, and every process runs."""
        world = self._world
        world.hands.calm = True
        world.slack.proxy.faults.clear()
        world.database.cut()
        signal_database(world, signal.SIGCONT)
        signal_api(world, signal.SIGCONT)
        await world.slack.proxy.sockets.close(abruptly=True)
        for bot in world.bots.every:
            world.bots.wake(bot)
            await world.bots.start(bot)

    @staticmethod
    def _whims(seed: int, name: str) -> random.Random:
        return random.Random(f"{seed}/{name}")  # noqa: S311  # to be repeated from its seed
