"""One run of a document with one step, by processes of which the first may die; people do what they are asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.adapters.postgres.store import PostgresStore
from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Run, StepRun
from runbooks.steps.base import Step
from runbooks.vocabulary import OPSBOT, Cut, Done, InDoubt, Json, KnownGood, Means, Pending, Waiting
from tests.cuts.seam import STEP, Seam
from tests.engine.world import ALEX, CATALOGUE, World

TURNS = 150  # a run that is not over by then stands still
BACK = "---\nid: back\ntitle: Back\nmodes: {{emergency: Back at once, planned: Planned}}\n---\n\n# Back\n\n"
BACK += "## Back at once\n\n{step}\n## Planned\n\n- [ ] Read how\n"

Effects = dict[str, int]


async def nothing() -> Effects:
    """Of a step that only reads."""
    return {}


@dataclass
class Scenario:
    """A step in a place where it can be done; `steps` makes it anew for each process, its outside behind the seam."""

    steps: Callable[[Seam], Sequence[Step]]  # the first is the one that is cut off
    params: Json = field(default_factory=dict)
    service: Json = field(default_factory=dict)
    environment: Json = field(default_factory=dict)
    reserves: str = ""  # as the document says it; "" where it does not
    commit: str = ""
    target: KnownGood | None = None  # of a rollback, or of a drill
    drilled: bool = False  # it stands in a drill, after the other steps that `steps` makes
    effects: Callable[[], Awaitable[Effects]] = nothing
    once: Effects = field(default_factory=dict)  # every effect, once
    goes_on: bool = False  # what it set going outside does not end here: it is enough that it is watched


@dataclass
class Played:
    """What came of it."""

    run: Run
    seam: Seam
    cut_amid: bool  # begun, and not recorded, when the process died
    asked: list[InDoubt]  # what people were asked about it
    effects: Effects

    @property
    def cut(self) -> Cut:
        """What the step declared, as it was planned."""
        assert self.run.plan is not None
        return self.run.plan.step(STEP).cut

    @property
    def ended(self) -> bool:
        """Done, or watched under a process that lives."""
        outcome = self.run.steps[STEP].outcome
        return isinstance(outcome, Done | Pending)


class Play:
    """One scenario, once."""

    def __init__(self, scenario: Scenario, store: PostgresStore, world: World, seam: Seam) -> None:
        self._scenario, self._store, self._world, self._seam = scenario, store, world, seam
        self._asked: list[InDoubt] = []
        self._cut_amid = False
        self._use(seam)

    async def through(self) -> Played:
        """To its end. Raises AssertionError where it stands still."""
        run_id = await self._begins()
        for _ in range(TURNS):
            if (lease := await self._world.claim()) is not None:
                await self._holds(lease, run_id)
                continue
            run = await self._world.run(run_id)
            state = run.steps.get(STEP)
            watched = self._scenario.goes_on and state is not None and isinstance(state.outcome, Pending)
            if run.status.over or watched:
                return Played(run, self._seam, self._cut_amid, self._asked, await self._scenario.effects())
            await self._people(run)
        raise AssertionError(f"it stands still: {await self._world.run(run_id)}")

    async def _begins(self) -> str:
        self._world.source.moved["v2"] = self._scenario.commit or "2" * 40
        if self._scenario.target is None:
            return await self._world.deploys("v2")
        await self._world.adopted(self._scenario.target)
        if self._scenario.drilled:
            drilled = await self._world.hears(asks.Drill("api", "production", "v2"), OPSBOT)
            assert drilled.did == "drilling", drilled
            return str(drilled.facts["run"])
        reply = await self._world.hears(asks.RollBack("api", "", "", target_digest(self._scenario.target)), ALEX)
        assert reply.did == "started", reply
        return str(reply.facts["run"])

    async def _holds(self, lease: Any, run_id: str) -> None:
        """One process's turn; one that dies lets go of nothing, and another comes when its lease has lapsed."""
        try:
            await self._world.store.finish(lease, await self._world.engine.advance(lease))
        except asyncio.CancelledError:
            assert self._seam.dead
            state = (await self._world.run(run_id)).steps.get(STEP)
            self._cut_amid = _amid(state)
            self._world.later(seconds=11)
            self._use(Seam())

    def _use(self, seam: Seam) -> None:
        """Be a process: the engine's commits, and all that its steps ask outside, go through its seam."""
        world, scenario = self._world, self._scenario
        steps = scenario.steps(seam)
        world.steps |= {step.uses: step for step in steps}
        told = json.loads(json.dumps(CATALOGUE))
        api = told["services"]["api"]
        api |= scenario.service
        api["environments"]["production"] |= scenario.environment
        if scenario.drilled:
            api["runbooks"]["drill"] = "drill"
            api["environments"]["production"]["drill"] = {}
        world.catalogue = Catalogue.model_validate(told)
        world.use(self._store)
        known = {uses: step.params for uses, step in world.steps.items()}
        keys = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in scenario.params.items())
        item = f"- [ ] The step\n  ```step\n  id: {STEP}\n  uses: {steps[0].uses}\n{keys}  ```\n"
        front = f"---\nid: deploy\ntitle: Deploy\nreserves: {scenario.reserves}\n---\n" if scenario.reserves else ""
        deploy = f"{front}# Deploy\n\n## Deploy\n\n{item}"
        before = "".join(f"- [ ] Before it\n  ```step\n  uses: {step.uses}\n  ```\n" for step in steps[1:])
        drill = f"---\nid: drill\ncommand: drill\n---\n\n# There and back\n\n{before}{item}"
        documents = {"deploy": deploy, "back": BACK.format(step=item)} | (
            {"drill": drill} if scenario.drilled else {}
        )
        for name, text in documents.items():
            world.shelf.documents[name] = parse(text, path=f"{name}.md", known=known)
        world.engine = replace(world.engine, store=seam.around(self._store, "commit"))

    async def _people(self, run: Run) -> None:
        """Approve, tick and answer as the world is; else time goes by."""
        if run.waits_for_approval:
            assert (await self._world.approves(run.id)).did == "approved"
            return
        state = run.steps.get(STEP)
        match state and state.outcome:
            case InDoubt(choices=choices) as asked:
                self._asked.append(asked)
                means = Means.DONE if await self._scenario.effects() == self._scenario.once else Means.AGAIN
                await self._answers(run, next(c.value for c in choices if c.means is means))
            case Waiting(choices=choices):
                await self._answers(run, next((c.value for c in choices if c.danger), "done"))
            case None if any(item.uses == "confirm" for item in run.open_items):
                await self._answers(run, "done")
            case _:
                self._world.later(seconds=1)

    async def _answers(self, run: Run, choice: str) -> None:
        reply = await self._world.hears(asks.Answer(run.id, STEP, choice), ALEX)
        assert reply.did == "answered", reply


def _amid(state: StepRun | None) -> bool:
    return state is not None and state.epoch != 0 and state.outcome is None
