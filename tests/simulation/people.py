"""What people do, by the seed: ask, approve, tick, abort, go back; impatient, twice, and on whichever process."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Run
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Actor, InDoubt, PlannedStep
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM
from tests.simulation.places import BAD, SERVICES

PATIENCE = 3.0  # seconds until Slack sends it again
TRIES = 4
LOOKS_AFTER = timedelta(seconds=30)  # what was sent has come by then, or never will


@dataclass(frozen=True)
class Ack:
    """What somebody was told."""

    key: str
    ask: asks.Ask
    by: Actor
    reply: asks.Reply
    at: float


@dataclass(frozen=True)
class Click:
    """An approval that somebody meant: of the plan that they saw."""

    run: str
    digest: str
    commit: str
    by: Actor
    at: float


class People:
    """All of them."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.random = world.random
        self.acks: list[Ack] = []
        self.clicks: list[Click] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._gestures = 0
        self._versions = 1
        self._seen: list[tuple[asks.Ask, Actor]] = []

    async def live(self, seconds: float) -> None:
        """Do what occurs to them."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(self.random.uniform(0.2, 3))
            self._starts(*await self._whim())

    async def tidy(self) -> bool:
        """Bring to an end what was begun; whether all is."""
        self.world.stirred()
        runs = [run for run in await self.world.runs() if not run.status.over]
        for run in runs:
            if wanted := self._next(run):
                self._starts(*wanted)
        for service in SERVICES:
            if (await self.world.release(service)).lock is not None:
                self._starts(asks.Unlock(service, ""), ALEX)
        return not runs and all(task.done() for task in self.tasks)

    def _next(self, run: Run) -> tuple[asks.Ask, Actor] | None:
        """What the run waits for."""
        if run.waits_for_approval and run.plan is not None:
            by = SAM if run.requester == ALEX else ALEX
            return asks.Approve(run.id, run.digest), by
        for step in run.open_items:
            state = run.of(step)
            if state is not None and isinstance(state.outcome, InDoubt):
                return self._looks(run, step)
            if step.uses == "confirm":
                return asks.Answer(run.id, step.id, "done"), ALEX
        return None

    def _looks(self, run: Run, step: PlannedStep) -> tuple[asks.Ask, Actor] | None:
        state = run.of(step)
        if state is None or state.recorded_at is None or self.world.now() - state.recorded_at < LOOKS_AFTER:
            return None
        choice = "done" if self.world.databases[run.service].has(f"{run.id}/{step.id}") else "again"
        return asks.Answer(run.id, step.id, choice), ALEX

    async def _whim(self) -> tuple[asks.Ask, Actor]:
        runs = [run for run in await self.world.runs() if not run.status.over]
        run = self.random.choice(runs) if runs else None
        wanted = self._next(run) if run else None
        dice, service = self.random.random(), self.random.choice(SERVICES)
        if wanted is not None and dice < 0.6:
            return wanted if dice > 0.06 else (wanted[0], self.random.choice([RILEY, OUTSIDER, SAM]))
        if run is not None and dice < 0.66:
            return (asks.Abort(run.id) if dice < 0.64 else asks.Reject(run.id, run.digest)), ALEX
        if dice < 0.72:
            good = (await self.world.release(service)).known_good
            return asks.RollBack(service, "", "", target_digest(good) if good else ""), ALEX
        if dice < 0.74:
            return (asks.Lock(service, "", "wait") if dice < 0.73 else asks.Unlock(service, "")), ALEX
        if dice < 0.78 and self._seen:
            return self.random.choice(self._seen)  # clicked again
        if dice < 0.80 and run is not None:
            self.world.source.moved[run.version] = self.random.choice("abcdef") * 40
        self._versions += 1
        version = f"v{self._versions}{BAD if self.random.random() < 0.2 else ''}"
        return asks.Deploy(service, version), self.random.choice([RILEY, ALEX])

    def _starts(self, ask: asks.Ask, by: Actor) -> None:
        self._gestures += 1
        self._seen.append((ask, by))
        key = f"gesture/{self._gestures}"
        twice = self.random.random() < 0.15
        for _ in range(2 if twice else 1):
            self.tasks.append(asyncio.get_running_loop().create_task(self._asks(ask, by, key)))

    async def _asks(self, ask: asks.Ask, by: Actor, key: str) -> None:
        """Until there is an answer: Slack sends the same again, to whoever is there."""
        if isinstance(ask, asks.Approve):
            await self._means(ask, by)
        for _ in range(TRIES):
            await asyncio.sleep(self.random.uniform(0, 0.5))
            with suppress(StoreUnavailable):
                if (reply := await self._told(ask, by, key)) is not None:
                    self.acks.append(Ack(key, ask, by, reply, asyncio.get_running_loop().time()))
                    return

    async def _means(self, ask: asks.Approve, by: Actor) -> None:
        run = await self.world.run(ask.run)
        commit = run.plan.commit if run.plan is not None and run.digest == ask.digest else "(another plan)"
        self.clicks.append(Click(ask.run, ask.digest, commit, by, asyncio.get_running_loop().time()))

    async def _told(self, ask: asks.Ask, by: Actor, key: str) -> asks.Reply | None:
        there = self.world.replicas()
        if not there:
            await asyncio.sleep(PATIENCE)
            return None
        heard = self.random.choice(there).hears(ask, by, key)
        await asyncio.wait({heard}, timeout=PATIENCE)
        reply: asks.Reply | None = heard.result() if heard.done() and not heard.cancelled() else None
        return reply
