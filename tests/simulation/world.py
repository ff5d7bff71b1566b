"""One seed: its processes, its people, its outside, on a real database that answers one statement at a time."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.states import States
from bot.adapters.postgres.store import PostgresStore
from runbooks import folds
from runbooks.engine.draft import Draft
from runbooks.releases.decide import Adopt
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.vocabulary import Cut
from tests.engine.knob import TEN, known_good
from tests.engine.world import ALEX
from tests.fixtures.store import EMPTY
from tests.simulation.hands import CALM, Hand
from tests.simulation.ledger import Ledger
from tests.simulation.log import errors
from tests.simulation.loop import VirtualLoop
from tests.simulation.outside import Cluster, Database, Effect, Slack
from tests.simulation.people import Group, People
from tests.simulation.places import SERVICES, Source, catalogue
from tests.simulation.replica import Replica
from tests.simulation.weather import Weather, mixture

REPLICAS = 3
LIVELY = (40.0, 60.0, 90.0)  # seconds in which faults happen
ENOUGH = 900.0  # seconds after the last fault: whatever has not ended by then will not
NEXT_DUE = (
    "select kind, starts_with(key, 'run/R-'), min(greatest(due, coalesce(leased_until, due))) from work"
    " where due is not null group by 1, 2"
)


class Backstage:
    """The real database, in a loop of its own; while it answers, the simulated one stands still."""

    def __init__(self, url: str, owner_url: str) -> None:
        self.owner_url = owner_url
        self.statements = 0
        self.pool = Pool(url, answer_within=60)
        self._loop = asyncio.new_event_loop()
        self._owner = psycopg.connect(owner_url, autocommit=True)

    def answers(self, ask: Callable[[], Any]) -> Any:
        """What one call of the database comes to."""
        self.statements += 1
        simulated = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return self._loop.run_until_complete(ask())
        finally:
            asyncio._set_running_loop(simulated)

    def empty(self) -> None:
        self.statements = 0
        self._owner.execute(EMPTY)

    def rows(self, statement: Any, *values: Any) -> list[tuple[Any, ...]]:
        return self._owner.execute(statement, values).fetchall()

    def close(self) -> None:
        self.answers(lambda: self.pool.__aexit__(None, None, None))
        self._owner.close()
        self._loop.close()


@dataclass(frozen=True)
class Plant:
    """Something wrong on purpose, to see it caught."""

    store: Callable[..., Any] = PostgresStore
    cut: Cut = Cut.PARKS  # what a migration that was interrupted declares
    outside: Callable[[Any], None] = lambda _world: None
    instead: tuple[tuple[Any, str, Any], ...] = ()  # module, name, and what stands there while it is planted

    @contextmanager
    def planted(self) -> Iterator[None]:
        """For the block."""
        sound = [(where, name, getattr(where, name)) for where, name, _ in self.instead]
        for where, name, wrong in self.instead:
            setattr(where, name, wrong)
        try:
            yield
        finally:
            for where, name, right in sound:
                setattr(where, name, right)


@dataclass
class World:
    """Everything of one seed."""

    seed: int
    backstage: Backstage
    plant: Plant = field(default_factory=Plant)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311  # it keeps no secret
        random.seed(self.seed)  # the product's own pauses
        self.loop = VirtualLoop()
        self.pool = self.backstage.pool
        self.faults = mixture(self.random)
        self.weather = Weather(self)
        self.ledger = Ledger(self.now)
        self._skewed = self.random.choice([0, 0, 3])  # seconds that clocks differ at most
        self.catalogue = catalogue()
        self.cluster = Cluster(self.loop.time)
        self.databases = {service: Database(self.loop.time) for service in SERVICES}
        self.slack = Slack(self.loop.time)
        self.source, self.members = Source(), Group(self.loop.time)
        self._dues: dict[tuple[str, bool], float] | None = None
        self.hands: list[Hand] = []
        self.people = People(self)
        self.ended = False
        self.states_of = States(folds.folds())
        self.store = PostgresStore(self.pool, folds.folds(), now=self.now)
        self._live: dict[str, Replica] = {}
        self._retiring: list[asyncio.Task[None]] = []
        self._ringing = False
        self.plant.outside(self)

    def now(self) -> datetime:
        return self.at(self.loop.time())

    def at(self, seconds: float) -> datetime:
        """The time of day, so many seconds after the beginning."""
        return TEN + timedelta(seconds=seconds)

    def play(self) -> None:
        """From the first request until all is quiet."""
        self.backstage.empty()
        with errors() as logged, self.plant.planted():
            self.loop.run(self._play())
        self.loop.troubles += logged

    async def _play(self) -> None:
        for service in SERVICES:
            self.cluster.add(service, f"registry.example/{service}:v1")
            draft = Draft(store=self.store, catalogue=self.catalogue, now=self.now())
            await self._peek(
                lambda d=draft, s=service: d.apply(f"release/{s}/production", Adopt(known_good("v1"), ALEX))
            )
            await self._peek(lambda d=draft: self.store.commit(d.changes()))
            self.ledger.committed(draft.changes())
        for number in range(REPLICAS):
            self._begins(f"{number}", 1)
        lively = self.random.choice(LIVELY)
        await asyncio.gather(self.people.live(lively), self.weather.lasts(lively))
        self.faults = CALM
        while self.loop.time() < ENOUGH and not self.ended:
            await asyncio.sleep(2)
            self.ended = await self.people.tidy() and len(self._live) == REPLICAS and self._nothing_is_due()
        for replica in list(self._live.values()):
            await self._ends(replica)

    def _nothing_is_due(self) -> bool:
        soon = self.loop.time() + 60
        return self.next_due("run", "") > soon and self.next_due("messages", "") > soon

    def _begins(self, name: str, generation: int) -> None:
        hand = Hand(
            f"{name}#{generation}",
            self.loop,
            self.random,
            self.backstage.answers,
            lambda dead: self._killed(dead, name, generation),
            lambda: self.faults,
            self.weather.silent,
            self.random.uniform(-self._skewed, self._skewed),
        )
        self.hands.append(hand)
        self._live[name] = Replica(hand, self)

    def retires(self, replica: Replica) -> None:
        """It is asked to stop; another takes its place when it has ended."""
        self._retiring.append(self.loop.create_task(self._retires(replica), context=Context()))

    async def _retires(self, replica: Replica) -> None:
        name, _, generation = replica.hand.owner.partition("#")
        replica.hand.met.append(f"{self.loop.time():.3f} {replica.hand.owner}: retired: asked to stop")
        ending = replica.begin(replica.retires())
        replica.tasks.append(ending)
        await asyncio.wait({ending})
        if not replica.hand.dead:
            await self._ends(replica)
            del self._live[name]
            self._begins(name, int(generation) + 1)

    def _killed(self, hand: Hand, name: str, generation: int) -> None:
        hand.dead = True
        self.loop.wake_process(hand.owner)
        for task in self._live.pop(name).tasks:
            task.cancel()
        again = self.random.choice([0.5, 3, 12])
        self.loop.call_later(again, self._begins, name, generation + 1, context=Context())

    async def _ends(self, replica: Replica) -> None:
        replica.hand.dead = True
        for task in replica.tasks:
            task.cancel()
        await asyncio.gather(*replica.tasks, return_exceptions=True)

    def replicas(self) -> list[Replica]:
        """Those that take requests."""
        return [self._live[name] for name in sorted(self._live) if not self._live[name].bell.closed]

    def stirred(self, *, rings: bool) -> None:
        """What is due may have changed; where it `rings`, who waits hears of it a moment later."""
        self._dues = None
        if rings and not self._ringing:
            self._ringing = True
            self.loop.call_later(0.003, self._ring, context=Context())

    def _ring(self) -> None:
        self._ringing = False
        for replica in self.replicas():
            replica.bell.ring()

    def next_due(self, kind: str, prefix: str) -> float:
        """In seconds of this world, when work of this kind is due next; looked up where something was committed."""
        if self._dues is None:
            rows = self.backstage.rows(NEXT_DUE)
            self._dues = {(kind, back): (due - TEN).total_seconds() for kind, back, due in rows}
        wanted = [(kind, True)] if prefix else [(kind, True), (kind, False)]
        return min(self._dues.get(each, float("inf")) for each in wanted)

    async def _peek(self, ask: Callable[[], Any]) -> Any:
        answer = self.loop.create_future()
        self.loop.call_soon(lambda: answer.set_result(self.backstage.answers(ask)))
        return await answer

    async def runs(self) -> list[Run]:
        """All of them, in the order of their numbers."""
        return await self.all_of("run/")

    async def all_of(self, prefix: str) -> list[Any]:
        """The states of all streams of a room, oldest first."""
        found = await self._peek(lambda: self.store.latest(prefix, 1000))
        return [state for _, state in reversed(found)]

    async def run(self, name: str) -> Run:
        return (await self.states([f"run/{name}"]))[0]

    async def release(self, service: str) -> Release:
        return (await self.states([f"release/{service}/production"]))[0]

    async def states(self, names: list[str]) -> list[Any]:
        found = (await self._peek(lambda: self.store.read(names))).streams
        return [found[name].state for name in names]

    def effects(self) -> list[Effect]:
        """All that was done outside."""
        return [*self.cluster.effects, *(effect for each in self.databases.values() for effect in each.effects)]

    def counts(self) -> Counter[str]:
        """What it met, for the sums."""
        met = Counter(line.split(": ")[1] for hand in self.hands for line in hand.met)
        runs = self.backstage.rows("select count(*) from streams where starts_with(name, 'run/')")[0][0]
        return met + Counter(runs=runs, effects=len(self.effects()), statements=self.backstage.statements)

    def trace(self) -> str:
        """What tells this course of events from any other: a digest of all that was recorded and done."""
        events = self.backstage.rows("select stream, version, hash from events order by stream, version")
        effects = self.effects()
        posted = [(m.key, m.ts, m.text) for m in self.slack.messages]
        return hashlib.sha256(repr((events, effects, posted, self.loop.time())).encode()).hexdigest()[:16]
