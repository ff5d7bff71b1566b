"""What people do, by the seed: ask, approve, tick, abort, go back; impatient, twice, and on whichever process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runbooks.engine import asks
from runbooks.engine.starts import shown_digest
from runbooks.runs.state import Run, StepRun
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Actor, InDoubt, PlannedStep
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, Roll
from tests.simulation.places import BAD, KIM, SERVICES, SICK

PATIENCE = 3.0  # seconds until Slack sends it again
TRIES = 4
LOOKS_AFTER = timedelta(seconds=60)  # what was sent has come by then, or never will: stops and delays included
AWRY, OLD, MOVED, ABORTED, BESIDE = 0.15, 0.3, 0.15, 0.7, 0.15
NAMED = 0.5
"""Shares: what people do as they may not, on an old card, as the release moves; of meddling; what moves no run."""


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


def _releases(run: str, service: str) -> asks.Unlock:
    """By the rollback's form, which names it; or typed."""
    return asks.Unlock(service, "", "The cause is known.", hold=run)


class Group(Roll):
    """Who may approve, and who might at which time."""

    def __init__(self, time: Callable[[], float]) -> None:
        super().__init__()
        self.groups["sre"].add(KIM)
        self._time = time
        self._moved: dict[Actor, list[tuple[float, bool]]] = {}

    def leaves(self, who: Actor) -> None:
        self.groups["sre"].discard(who)
        self._moved.setdefault(who, []).append((self._time(), False))

    def joins(self, who: Actor) -> None:
        self.groups["sre"].add(who)
        self._moved.setdefault(who, []).append((self._time(), True))

    def might(self, who: Actor, since: float, until: float) -> bool:
        """Whether they were an approver at some time between."""
        moved = [(-1.0, who in (ALEX, SAM, KIM)), *self._moved.get(who, [])]
        ends = [at for at, _ in moved[1:]] + [float("inf")]
        return any(may and at <= until and end >= since for (at, may), end in zip(moved, ends, strict=True))


class People:
    """All of them. How fast and how promptly they act is the seed's."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.random = world.random
        self.acks: list[Ack] = []
        self.clicks: list[Click] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._gestures = 0
        self._versions = 1
        self._seen: list[tuple[asks.Ask, Actor]] = []
        self._digests: dict[str, list[str]] = {}  # of the plans that were shown, by run
        self._slowest = self.random.choice([0.6, 1.2, 2.5])  # seconds between two ideas
        self._meddling = self.random.choice(
            [0.01, 0.03, 0.1]
        )  # how often a run is disturbed, or production taken back
        self._prompt = self.random.choice([0.6, 0.8, 0.9])  # how often what a run waits for comes first

    async def live(self, seconds: float) -> None:
        """Do what occurs to them."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(self.random.uniform(0.2, self._slowest))
            if whim := await self._whim():
                self._starts(*whim)

    async def tidy(self) -> bool:
        """Bring to an end what was begun; whether all is."""
        self.world.stirred(rings=True)
        runs = [run for run in await self.world.runs() if not run.status.over]
        for run in runs:
            if wanted := self._next(run):
                self._starts(*wanted)
        for service in SERVICES:
            place = await self.world.release(service)
            if place.lock is not None:
                self._starts(asks.Unlock(service, ""), ALEX)
            if place.hold is not None:
                self._starts(_releases(place.hold.run, service), ALEX)
        return not runs and all(task.done() for task in self.tasks)

    def _next(self, run: Run) -> tuple[asks.Ask, Actor] | None:
        """What the run waits for."""
        if run.waits_for_approval and run.plan is not None:
            waited = {approval.by for approval in run.agreed} | {run.requester}
            by = next(who for who in (ALEX, SAM, KIM) if who not in waited)
            return asks.Approve(run.id, run.digest), by
        for step in run.open_items:
            state = run.of(step)
            if state is not None and isinstance(state.outcome, InDoubt):
                return self._looks(run, step, state)
            if step.uses == "confirm":
                return asks.Answer(run.id, step.id, "done"), ALEX
        return None

    def _looks(self, run: Run, step: PlannedStep, state: StepRun) -> tuple[asks.Ask, Actor] | None:
        if state.recorded_at is None or self.world.now() - state.recorded_at < LOOKS_AFTER:
            return None
        choice = "done" if self.world.databases[run.service].has(f"{run.id}/{step.id}") else "again"
        return asks.Answer(run.id, step.id, choice, state.epoch), ALEX

    async def _whim(self) -> tuple[asks.Ask, Actor] | None:
        runs = [run for run in await self.world.runs() if not run.status.over]
        wanted = [(run, ask, by) for run in runs for ask, by in [self._next(run) or (None, ALEX)] if ask is not None]
        if wanted and self.random.random() < self._prompt:
            run, ask, by = self.random.choice(wanted)
            if self.random.random() < AWRY:
                return self._awry(run, ask)
            return self._judged(run, ask, by) if isinstance(ask, asks.Approve) else (ask, by)
        dice, service = self.random.random(), self.random.choice(SERVICES)
        if dice < self._meddling:
            return (self._meddles(self.random.choice(runs)), ALEX) if runs else None
        if dice < 2 * self._meddling:
            return await self._back(service), ALEX
        if dice < 2 * self._meddling + BESIDE:
            return await self._beside(service)
        busy = any(run.service == service for run in runs)
        return await self._deploys(service) if not busy or self.random.random() < AWRY else None

    def _awry(self, run: Run, ask: asks.Ask) -> tuple[asks.Ask, Actor]:
        """By somebody who may not."""
        return ask, self.random.choice([RILEY, OUTSIDER, SAM, run.requester, run.requester, run.requester])

    def _judged(self, run: Run, ask: asks.Approve, by: Actor) -> tuple[asks.Ask, Actor]:
        """As the card shows it, or showed it earlier; or just as what it names becomes something else."""
        shown = self._digests.setdefault(run.id, [])
        if run.digest not in shown:
            shown.append(run.digest)
        dice = self.random.random()
        if dice < OLD and len(shown) > 1:
            return asks.Approve(run.id, self.random.choice(shown[:-1])), by
        if dice > 1 - MOVED:
            self.world.source.moved[run.version] = f"{self.random.getrandbits(160):040x}"
        return ask, by

    def _meddles(self, run: Run) -> asks.Ask:
        return asks.Abort(run.id) if self.random.random() < ABORTED else asks.Reject(run.id, run.digest)

    async def _beside(self, service: str) -> tuple[asks.Ask, Actor]:
        dice = self.random.random()
        if dice < 0.25:  # a share
            locked = (await self.world.release(service)).lock is not None
            return asks.Unlock(service, "") if locked else asks.Lock(service, "", "wait"), ALEX
        if dice < 0.7 and self._seen:  # a share
            return self.random.choice(self._seen)  # clicked again
        return await self._of_an_incident(), ALEX

    async def _deploys(self, service: str) -> tuple[asks.Ask, Actor]:
        hold = (await self.world.release(service)).hold
        if hold is not None and self.random.random() > AWRY:  # after a rollback somebody says why deploys may go on
            return _releases(self.random.choice([hold.run, ""]), service), self.random.choice([RILEY, ALEX, SAM])
        self._versions += 1
        dice = self.random.random()
        end = BAD if dice < 0.15 else SICK if dice < 0.3 else ""  # shares
        return asks.Deploy(service, f"v{self._versions}{end}"), self.random.choice([RILEY, ALEX])

    async def _back(self, service: str) -> asks.Ask:
        place = await self.world.release(service)
        to = self.random.choice(place.good) if self.random.random() < 0.3 else place.known_good  # a share
        named = to != place.known_good or (place.taken_back is not None and self.random.random() < NAMED)
        version = to.version if named else ""
        if self.random.random() < 0.3:  # a share
            return asks.PlanRollBack(service, "", version)
        return asks.RollBack(service, "", version, shown_digest(place, to))

    async def _of_an_incident(self) -> asks.Ask:
        found = [incident for incident in await self.world.all_of("incident/") if incident.findings]
        if not found:
            return asks.Declare(self.random.choice(SERVICES), "", "Something is odd.")
        incident = self.random.choice(found)
        finding = self.random.choice(incident.findings)
        return self.random.choice([asks.Acknowledge(finding), asks.Resolve(incident.id, "It is well again.")])

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
