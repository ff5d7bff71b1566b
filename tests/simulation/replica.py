"""One process of the bot, as it is wired in production but for what lies outside; killed and started again."""

import asyncio
from contextvars import copy_context
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.store import PostgresStore
from bot.deliveries import Deliveries
from bot.holders import Holders
from bot.incident_rooms import IncidentRooms
from bot.worker import Bell, Worker
from runbooks import folds
from runbooks.engine.advance import Advance
from runbooks.engine.handle import Reception
from runbooks.engine.planning import Planner
from runbooks.redaction import Redactor
from runbooks.steps.approve import Approve
from runbooks.steps.base import Step
from runbooks.steps.confirm import Confirm
from runbooks.steps.take_over import TakeOver
from tests.engine.knob import Keep
from tests.simulation.hands import Hand, Through
from tests.simulation.loop import OWNER
from tests.simulation.outside import Slack
from tests.simulation.places import Migrate, Rolling, Shelf, Workloads

LEASE = 10.0
ROLLBACKS = "run/R-"


class Letters:
    """Slack as the deliveries use it."""

    def __init__(self, slack: Slack, hand: Hand) -> None:
        self._slack = slack
        self._hand = hand

    async def pay_ahead(self, channel: str) -> None:
        """Slack takes as much as it is given here."""

    async def post(self, *, key: str, channel: str, text: str, blocks: Any, thread: str | None) -> Any:
        return await self._ask(lambda: self._slack.post(key, channel, text, blocks, thread))

    async def update(self, *, key: str, channel: str, ts: str, text: str, blocks: Any) -> None:
        await self._ask(lambda: self._slack.update(channel, ts, text, blocks))

    async def find(self, *, key: str, channel: str, thread: str | None, since: datetime) -> Any:
        return await self._ask(lambda: self._slack.find(key, channel))

    async def create(self, name: str) -> Any:
        return await self._ask(lambda: self._slack.create(name))

    async def find_channel(self, names: Any, *, purpose: str, since: datetime) -> Any:
        return await self._ask(lambda: self._slack.made(names, purpose, since))

    async def nothing(self, *_: Any) -> None:
        """Purposes, invitations and pins change nothing here."""

    async def _ask(self, ask: Any) -> Any:
        return await self._hand.at_once("Slack", ask)


class Replica:
    """From its start to its end."""

    def __init__(self, hand: Hand, world: Any) -> None:
        self.hand = hand
        self.bell = Bell()
        self._world = world
        real = world.plant.store(world.pool, folds.folds(), now=world.now, lease_seconds=LEASE)
        store: Any = Asleep(real, hand, world)
        workloads = Workloads(world.cluster, hand)
        migrate = Migrate(world.databases, hand)
        migrate.cut = world.plant.cut
        steps: dict[str, Step] = {s.uses: s for s in (Keep(), Confirm(), Approve(), migrate)}
        steps["kubernetes.rollout"] = Rolling(workloads, world.cluster)
        steps["take-over"] = TakeOver(workloads, holders=Holders(store), database=migrate, steps=steps)
        shelf = Shelf(steps)
        planner = Planner(world.catalogue, shelf, steps, world.source)
        self.reception = Reception(store, world.catalogue, world.members, world.now, shelf)
        self.advance = Advance(store, planner, world.members, Redactor(), world.now)
        self.workers = self._workers(store)
        self._context = copy_context()
        self._context.run(OWNER.set, hand.owner)
        self.tasks = [self.begin(worker.run()) for worker in self.workers]

    def _workers(self, store: Any) -> list[Worker]:
        world = self._world
        letters: Any = Letters(world.slack, self.hand)
        channels: Any = SimpleNamespace(
            create=letters.create,
            find=letters.find_channel,
            describe=letters.nothing,
            invite=letters.nothing,
            pin=letters.nothing,
        )
        sent: Any = Through(MessageLog(world.pool, now=world.now), self.hand)
        rooms = IncidentRooms(sent, channels, world.members)
        deliver = Deliveries(store, sent, letters, world.catalogue, world.now, rooms).deliver

        def worker(kind: str, handler: Any, prefix: str = "") -> Worker:
            return Worker(store, [kind], handler, self.bell, world.now, LEASE, 1, prefix)

        runs = [worker("run", self.advance.advance) for _ in range(2)]
        return [*runs, worker("run", self.advance.advance, ROLLBACKS), worker("messages", deliver)]

    def begin(self, coroutine: Any) -> "asyncio.Task[Any]":
        """Something that this process does."""
        return asyncio.get_running_loop().create_task(coroutine, context=self._context)

    def hears(self, ask: Any, by: Any, key: str) -> "asyncio.Task[Any]":
        """A request arrived."""
        self.tasks = [task for task in self.tasks if not task.done()]
        task = self.begin(self.reception.handle(ask, by=by, key=key))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait for it any more
        self.tasks.append(task)
        return task


class Asleep(Through):
    """The store; where it is known that nothing is due, it is not asked. Commits ring the bells of all processes."""

    def __init__(self, real: PostgresStore, hand: Hand, world: Any) -> None:
        super().__init__(real, hand)
        self._world = world

    async def claim(self, kinds: Any, *, prefix: str = "") -> Any:
        if self._world.next_due(*kinds, prefix) > self._world.loop.time():
            await self._hand.nothing()
            return None
        return await self._stirring("claim", kinds, prefix=prefix)

    def __getattr__(self, name: str) -> Any:
        if name not in ("commit", "finish", "renew"):
            return super().__getattr__(name)
        return lambda *args, **values: self._stirring(name, *args, **values)

    async def _stirring(self, name: str, *args: Any, **values: Any) -> Any:
        async def asked() -> Any:
            try:
                return await getattr(self._real, name)(*args, **values)
            finally:
                self._world.stirred()

        return await self._hand.database(name, asked)
