"""The engine beside the model: as it is wired in production, on a real PostgreSQL, with three places outside.

Everything that is under way can stand still at a point, while others go on: a request just before its commit, a
process just before a plan, an intent, an effect or its record.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.adapters.postgres.store import PostgresStore
from runbooks import folds
from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.engine.advance import Advance
from runbooks.engine.draft import Draft
from runbooks.engine.handle import Reception
from runbooks.engine.planning import Planner
from runbooks.redaction import Redactor
from runbooks.releases.decide import Adopt
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.steps.approve import Approve
from runbooks.steps.base import Step
from runbooks.steps.confirm import Confirm
from runbooks.store import Changes, Lease, LeaseLost
from runbooks.vocabulary import Actor
from tests.engine.knob import TEN, Keep, known_good
from tests.engine.world import ALEX, History, Roll, Shelf
from tests.model.outside import Knob, Outside, TakeOver
from tests.model.places import CHANGES, DEPLOY_AND_LOOK, GROUPS, SPOTS, catalogue
from tests.model.stage import Stage

POINTS = ("plan", "intent", "effect", "record")
_KINDS = {"planned": "plan", "verified": "plan", "began": "intent", "recorded": "record"}


@dataclass
class Still:
    """Something under way that stands still."""

    task: "asyncio.Task[Any]"
    goes_on: "asyncio.Future[None]"


@dataclass
class Gate:
    """Where the next one to come is to stand still."""

    armed: str = ""
    reached: "asyncio.Future[asyncio.Future[None]] | None" = None

    async def pass_by(self, point: str) -> None:
        """Go on at once, or when told to."""
        if self.armed and self.reached is not None and point == self.armed:
            self.armed, goes_on = "", asyncio.get_running_loop().create_future()
            self.reached.set_result(goes_on)
            await goes_on


class GatedStore(PostgresStore):
    """The product's store, with a gate before its commits."""

    gate: Gate
    heeds_leases = True

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        await self.gate.pass_by(_point(changes) if lease else "request")
        await super().commit(changes, lease if self.heeds_leases else None)


def _point(changes: Changes) -> str:
    for event in (json.loads(e.data) for append in changes.appends for e in append.events):
        kind = _KINDS.get(event["kind"], "")
        if kind == "plan" or (kind and event["step"] in CHANGES):
            return kind
    return ""


@dataclass(frozen=True)
class Parts:
    """What the engine is made of; something else where something wrong is planted."""

    store: type[GatedStore] = GatedStore
    reception: type[Reception] = Reception
    approvals: int = 0  # that a deploy takes, instead of the catalogue's


@dataclass
class Bench:
    """One course of events."""

    stage: Stage
    parts: Parts = field(default_factory=Parts)

    def __post_init__(self) -> None:
        self.stage.empty()
        self.now = TEN
        self.gate, self.members, self.source = Gate(), Roll(), History()
        self.members.groups = {name: set(people) for name, people in GROUPS.items()}
        self.outside = Outside(self.clock, self.gate.pass_by)
        self.catalogue = catalogue(self.parts.approvals)
        self.store = self.parts.store(self.stage.pool, folds.folds(), now=self.clock)
        self.store.gate = self.gate
        steps: dict[str, Step] = {s.uses: s for s in (Knob(self.outside), Keep(), Confirm(), Approve())}
        steps["take-over"] = TakeOver(steps, self.outside)
        shelf = Shelf(steps)
        known = {uses: step.params for uses, step in steps.items()}
        shelf.documents["deploy"] = parse(DEPLOY_AND_LOOK, path="deploy.md", known=known)
        planner = Planner(self.catalogue, shelf, steps, self.source)
        self.reception = self.parts.reception(self.store, self.catalogue, self.members, self.clock, shelf)
        self.engine = Advance(self.store, planner, self.members, Redactor(), self.clock)
        self.answers(self._begin)

    def clock(self) -> datetime:
        return self.now

    def answers(self, ask: Callable[[], Any]) -> Any:
        return self.stage.answers(ask)

    async def _begin(self) -> None:
        for spot in SPOTS:
            if spot.begins_with:
                draft = Draft(store=self.store, catalogue=self.catalogue, now=self.now)
                await draft.apply(spot.release, Adopt(known_good(spot.begins_with), ALEX))
                await self.store.commit(draft.changes())

    # ------------------------------------------------------------ what goes on

    def request(self, ask: asks.Ask, by: Actor, key: str, *, still: bool = False) -> "asks.Reply | Still":
        """Somebody asks."""
        return self._goes("request" if still else "", lambda: self.reception.handle(ask, by=by, key=key))

    def claim(self) -> Lease | None:
        found: Lease | None = self.answers(lambda: self.store.claim(["run"]))
        return found

    def work(self, lease: Lease, point: str = "") -> "Still | None":
        """A process does with the run what it can, or comes to stand still before this point."""
        return self._goes(point, lambda: self._holds(lease))

    async def _holds(self, lease: Lease) -> None:
        try:
            due = await self.engine.advance(lease)
        except LeaseLost:
            due = self.now
        await self.store.finish(lease, due)

    def _goes(self, point: str, begin: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return self.answers(lambda: self._until_still(point, begin))

    async def _until_still(self, point: str, begin: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        loop = asyncio.get_running_loop()
        self.gate.armed, self.gate.reached = point, loop.create_future()
        task = loop.create_task(begin())
        await asyncio.wait({task, self.gate.reached}, return_when=asyncio.FIRST_COMPLETED)
        self.gate.armed = ""
        return task.result() if task.done() else Still(task, self.gate.reached.result())

    def wakes(self, still: Still) -> Any:
        """It goes on, to its end."""
        still.goes_on.set_result(None)
        return self.answers(lambda: still.task)

    def dies(self, still: Still) -> None:
        """It does nothing any more, and lets go of nothing."""
        still.task.cancel()
        self.answers(lambda: asyncio.wait({still.task}))

    # ------------------------------------------------------------ what is seen

    def see(self, runs: list[str]) -> tuple[dict[str, Run], dict[str, Release], dict[str, str]]:
        """These runs, every release, and who holds which target."""
        names = [f"run/{name}" for name in runs] + [spot.release for spot in SPOTS]
        found = self.answers(lambda: self.store.read(names, targets=[spot.target for spot in SPOTS]))
        states = {name: stored.state for name, stored in found.streams.items()}
        return {name: states[f"run/{name}"] for name in runs}, states, dict(found.holders)

    def history(self, run: str) -> list[Any]:
        """The run's events."""
        read = folds.folds()["run"].event_type.validate_json
        return [read(event.data) for event in self.answers(lambda: self.store.history(f"run/{run}"))]
