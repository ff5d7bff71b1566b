"""What goes wrong, drawn from the seed, each in its own lane: processes, the database, Slack, the API server."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg

from sandbox.slack import Fault, Kind
from sandbox.waiting import until
from tests.chaos.wires import ApiWire
from tests.chaos.world import World

BOTS = ("opsbot", "solvereign")  # whom the bots connect as
STANDS_STILL = (11.0, 16.0)  # seconds; a lease lasts ten
_PATIENCE = 60.0  # seconds
_REFUSED = (Kind.RATE_LIMITED, Kind.SERVER_ERROR, Kind.DELAY, Kind.DROP_REQUEST)
_DONE = (Kind.LOST_ANSWER, Kind.TIMEOUT_AFTER_EFFECT)
_METHODS = (
    *("chat.postMessage", "chat.postMessage", "chat.update", "chat.update"),
    *("conversations.history", "usergroups.users.list", "conversations.create"),
)
Deed = Callable[[], Awaitable[None]]


class Lane:
    """Faults that come one after the other; each is undone again before the next."""

    name = ""
    rest = (1.0, 2.0)  # seconds between two

    def __init__(self, world: World, met: Counter[str], whims: random.Random) -> None:
        self.world, self.met, self.whims = world, met, whims

    def deeds(self) -> Sequence[tuple[int, Deed]]:
        """What it can do, each with its weight."""
        raise NotImplementedError

    async def go(self, ended: asyncio.Event) -> None:
        """Until it is ended."""
        while not await _within(ended, self.whims.uniform(*self.rest)):
            deeds = self.deeds()
            [(_, deed)] = self.whims.choices(deeds, [weight for weight, _ in deeds])
            await deed()


async def _within(ended: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
    return ended.is_set()


class Kills(Lane):
    """SIGKILL, and another process a moment later."""

    name, rest = "kills", (2.0, 8.0)

    def deeds(self) -> Sequence[tuple[int, Deed]]:
        return [(1, self._kill)]

    async def _kill(self) -> None:
        bot = self.whims.choice(self.world.bots.every)
        down = self.whims.uniform(0, 2)
        others = [other for other in self.world.bots.every if other is not bot]
        with suppress(TimeoutError):  # on a slow machine nothing would go on between two kills
            await until(lambda: any(other.ready for other in others), seconds=_PATIENCE)
        await self.world.bots.kill(bot)
        await asyncio.sleep(down)
        await self.world.bots.start(bot)


class Stops(Lane):
    """SIGSTOP for longer than a lease, then SIGCONT."""

    name, rest = "stops", (15.0, 40.0)

    def deeds(self) -> Sequence[tuple[int, Deed]]:
        return [(1, self._stop)]

    async def _stop(self) -> None:
        up = [bot for bot in self.world.bots.every if bot.up]
        if not up:
            return
        bot = self.whims.choice(up)
        process = bot.process
        self.world.bots.stop(bot)
        await asyncio.sleep(self.whims.uniform(*STANDS_STILL))
        if bot.process is process:
            self.world.bots.wake(bot)


class Database(Lane):
    """PostgreSQL: the bot's own records and the services' databases alike."""

    name, rest = "database", (8.0, 22.0)

    def deeds(self) -> Sequence[tuple[int, Deed]]:
        return [
            (5, self._restart),
            (1, self._crash),
            (1, self._kill_backend),
            (2, self._pause),
            (4, self._terminate),
            (2, self._mute),
            (1, self._slow),
        ]

    async def _restart(self) -> None:
        self.met["database restarts"] += 1
        await self._again(abruptly=False, down=self.whims.uniform(0, 4))

    async def _crash(self) -> None:
        self.met["database restarts"] += 1
        await self._again(abruptly=True, down=self.whims.uniform(0, 4))

    async def _again(self, *, abruptly: bool, down: float) -> None:
        postgres = self.world.postgres
        await asyncio.to_thread(postgres.stop, abruptly=abruptly)
        try:
            await asyncio.sleep(down)
        finally:
            await asyncio.to_thread(postgres.start)

    async def _kill_backend(self) -> None:
        """SIGKILL, after which PostgreSQL recovers as from a crash."""
        if found := await self._backends(1.0):
            self.met["database restarts"] += 1
            with suppress(ProcessLookupError):
                os.kill(self.whims.choice(found), signal.SIGKILL)

    async def _terminate(self) -> None:
        found = await self._backends(self.whims.choice([0.1, 0.5, 1.0]))
        self.met["backends ended"] += len(found)
        with suppress(psycopg.Error):
            await asyncio.to_thread(
                self.world.postgres.execute, "select pg_terminate_backend(pid) from unnest(%s::int[]) pid", [found]
            )

    async def _backends(self, share: float) -> list[int]:
        """Some of the bots' sessions."""
        try:
            rows = await asyncio.to_thread(
                self.world.postgres.execute,
                "select pid from pg_stat_activity where usename = any(%s) order by pid",
                [list(BOTS)],
            )
        except psycopg.Error:
            return []
        return [int(str(pid)) for (pid,) in rows if self.whims.random() < share]

    async def _pause(self) -> None:
        self.met["database pauses"] += 1
        seconds = self.whims.uniform(1, 12)
        signal_database(self.world, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            signal_database(self.world, signal.SIGCONT)

    def _signal_database(self, number: signal.Signals) -> None:
        root = self.world.postgres.pid
        for pid in (root, *_children(root)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def _mute(self) -> None:
        """What the bots ask for is done, and nobody tells them."""
        self.met["database muted"] += 1
        wire, seconds = self.world.database, self.whims.uniform(0.2, 4)
        wire.mute = True
        try:
            await asyncio.sleep(seconds)
        finally:
            wire.cut()
            wire.mute = False

    async def _slow(self) -> None:
        self.met["database slow"] += 1
        wire, seconds = self.world.database, self.whims.uniform(2, 8)
        wire.seconds = self.whims.uniform(0.02, 0.6)
        try:
            await asyncio.sleep(seconds)
        finally:
            wire.seconds = 0.0


class Slack(Lane):
    """Calls of the Web API, envelopes, sockets."""

    name, rest = "slack", (1.0, 5.0)

    def deeds(self) -> Sequence[tuple[int, Deed]]:
        return [(8, self._calls), (2, self._envelopes), (1, self._deafen), (1, self._end_sockets)]

    async def _calls(self) -> None:
        kind = self.whims.choice((*_REFUSED, *_DONE, *_DONE))
        times, seconds = self.whims.randint(1, 4), self.whims.uniform(0.5, 4)
        method = self.whims.choice(_METHODS)
        self._inject(Fault(method, kind, times=times, seconds=12 if kind is Kind.TIMEOUT_AFTER_EFFECT else seconds))

    async def _envelopes(self) -> None:
        kind = self.whims.choice((Kind.DELAY, Kind.DROP_REQUEST, Kind.DUPLICATE))
        which = self.whims.choice(("slash_commands", "interactive"))
        self._inject(Fault(which, kind, times=self.whims.randint(1, 3), seconds=self.whims.uniform(0.2, 3)))

    def _inject(self, fault: Fault) -> None:
        """It counts when it is met."""

        def met(_: object) -> bool:
            self.met[f"Slack {fault.kind}"] += 1
            return True

        self.world.slack.proxy.inject(replace(fault, match=met))

    async def _deafen(self) -> None:
        self.met["deaf sockets"] += 1
        sockets, seconds = self.world.slack.proxy.sockets, self.whims.uniform(3, 12)
        sockets.deafen(answers_pings=self.whims.random() < 0.5)
        await asyncio.sleep(seconds)
        await sockets.close(abruptly=True)

    async def _end_sockets(self) -> None:
        sockets = self.world.slack.proxy.sockets
        how = self.whims.choice(("abruptly", "closed", "announced"))
        self.met["sockets ended"] += 1
        if how == "announced":
            await sockets.announce_refresh()
            await asyncio.sleep(3)
        await sockets.close(abruptly=how == "abruptly")


class Cluster(Lane):
    """Requests to the API server."""

    name, rest = "cluster", (6.0, 18.0)

    def deeds(self) -> Sequence[tuple[int, Deed]]:
        return [(5, self._requests), (1, self._pause)]

    async def _requests(self) -> None:
        wire, seconds = self.world.api, self.whims.uniform(3, 10)
        wire.share = self.whims.choice([0.05, 0.2, 0.6])
        wire.kinds = tuple(self.whims.sample(ApiWire.KINDS, 3))
        try:
            await asyncio.sleep(seconds)
        finally:
            wire.kinds = ()

    async def _pause(self) -> None:
        self.met["API server pauses"] += 1
        seconds = self.whims.uniform(1, 12)
        signal_api(self.world, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            signal_api(self.world, signal.SIGCONT)


def signal_database(world: World, number: signal.Signals) -> None:
    """To PostgreSQL with all its sessions."""
    root = world.postgres.pid
    for pid in (root, *_children(root)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def signal_api(world: World, number: signal.Signals) -> None:
    """To the API server."""
    os.kill(world.cluster.pids["kube-apiserver"], number)


def _children(root: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{root}/task/{root}/children").read_text().split()]
