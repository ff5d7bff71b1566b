"""One process of the bot, as it is wired in production but for what lies outside; killed and started again."""

import asyncio
from contextvars import copy_context
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from bot.adapters.postgres.messages import MessageLog
from bot.deliveries import Deliveries
from bot.holders import Holders
from bot.incident_rooms import IncidentRooms
from bot.serving import GRACE, ended
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
from runbooks.store import StoreUnavailable
from tests.simulation.hands import Hand
from tests.simulation.loop import OWNER
from tests.simulation.outside import Slack
from tests.simulation.places import Keep, Migrate, Rolling, Shelf, Watched, Workloads
from tests.simulation.store import Asleep, Through

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
        await self._hand.edits(lambda: self._slack.update(channel, ts, text, blocks))

    async def find(self, *, key: str, channel: str, thread: str | None, since: datetime) -> Any:
        return await self._ask(lambda: self._slack.find(key, channel))

    async def create(self, name: str) -> Any:
        return await self._ask(lambda: self._slack.create(name))

    async def find_channel(self, names: Any, *, purpose: str, since: datetime) -> Any:
        return await self._ask(lambda: self._slack.made(names, purpose, since))

    async def nothing(self, *_: Any) -> None:
        """Purposes, invitations and pins change nothing here."""

    async def _ask(self, ask: Any) -> Any:
        return await self._hand.posts(ask)


class Replica:
    """From its start to its end."""

    def __init__(self, hand: Hand, world: Any) -> None:
        self.hand = hand
        self.bell = Bell()
        self._world = world
        real = world.plant.store(world.pool, folds.folds(), now=world.now, here=self.clock, lease_seconds=LEASE)
        store: Any = Asleep(real, hand, world)
        workloads = Workloads(world.cluster, hand)
        migrate = Migrate(world.databases, hand)
        migrate.cut = world.plant.cut
        steps: dict[str, Step] = {s.uses: s for s in (Keep(), Watched(), Confirm(), Approve(), migrate)}
        steps["kubernetes.rollout"] = Rolling(workloads, world.cluster)
        steps["take-over"] = TakeOver(workloads, holders=Holders(store), database=migrate, steps=steps)
        shelf = Shelf(steps)
        planner = Planner(world.catalogue, shelf, steps, world.source)
        self.reception = Reception(store, world.catalogue, world.members, self.clock, shelf)
        self.advance = Advance(store, planner, world.members, Redactor(), self.clock, ending=lambda: self.bell.closed)
        self._context = copy_context()
        self._context.run(OWNER.set, hand.owner)
        self.tasks = [self.begin(worker.run()) for worker in self._workers(store)]
        self._working = list(self.tasks)

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
        deliver = Deliveries(store, sent, letters, world.catalogue, self.clock, rooms).deliver

        def worker(kind: str, handler: Any, prefix: str = "") -> Worker:
            return Worker(store, [kind], handler, self.bell, self.clock, LEASE, 1, prefix)

        runs = [worker("run", self.advance.advance) for _ in range(2)]
        return [*runs, worker("run", self.advance.advance, ROLLBACKS), worker("messages", deliver)]

    def clock(self) -> datetime:
        """What this process takes for the time."""
        now: datetime = self._world.now()
        return now + timedelta(seconds=self.hand.skew)

    async def retires(self) -> None:
        """Asked to stop, as `bot/serving.py` does it: begin no more, end what is under way or drop it."""
        self.bell.close()
        await ended(self._working, within=GRACE)
        await asyncio.gather(*self._working, return_exceptions=True)

    def begin(self, coroutine: Any) -> "asyncio.Task[Any]":
        """Something that this process does."""
        return asyncio.get_running_loop().create_task(coroutine, context=self._context)

    def hears(self, ask: Any, by: Any, key: str) -> "asyncio.Task[Any]":
        """A request arrived."""
        self.tasks = [task for task in self.tasks if not task.done()]
        task = self.begin(self.reception.handle(ask, by=by, key=key))
        task.add_done_callback(self._answered)  # nobody may wait for it any more
        self.tasks.append(task)
        return task

    def _answered(self, done: "asyncio.Task[Any]") -> None:
        raised = None if done.cancelled() else done.exception()
        if raised is not None and not isinstance(raised, StoreUnavailable):
            self._world.loop.troubles.append(f"a request was answered by {raised!r}")
