"""The engine's small world with a second environment, where drills are."""

from copy import deepcopy
from datetime import timedelta

from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.drills.state import Drills
from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.engine.handle import Reception
from runbooks.incidents.findings import Finding
from runbooks.releases.decide import Adopt
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.vocabulary import OPSBOT, Actor, Done, Json, Outcome, Pending
from tests.engine.knob import Knob, known_good
from tests.engine.world import ALEX, CATALOGUE, RILEY, World

STAGING = "release/api/staging"
DRILL = """---
id: turn-round
command: drill
---

# There and back

## Before
- [ ] Approved
  ```step
  uses: approve
  ```

## Forward
- [ ] Turn the knob
  ```step
  id: forward
  uses: knob
  on-failure: {finding: drill-failed, then: rollback}
  ```
- [ ] Is it well
  ```step
  id: well
  uses: http.health
  on-failure: {finding: drill-failed, then: rollback}
  ```

## Back
- [ ] Turn it back
  ```step
  id: back
  uses: kubernetes.restore
  on-failure: {finding: drill-failed, then: rollback}
  ```
- [ ] Is it well again
  ```step
  id: well-again
  uses: http.health
  on-failure: {finding: drill-failed, then: rollback}
  ```
"""


class Back(Knob):
    """The knob, turned back."""

    uses = "kubernetes.restore"


class Well(Step):
    """Takes some seconds, and changes nothing."""

    uses = "http.health"

    def __init__(self) -> None:
        self.takes = 1.0

    async def resolve(self, params: Params, site: Site) -> Resolved:
        return Resolved({"to": site.version})

    async def start(self, turn: Turn) -> Outcome:
        return Pending(turn.now + timedelta(seconds=self.takes))

    async def check(self, turn: Turn, token: Json) -> Outcome:
        return Done(f"well on {turn.site.version}")


class Drilling:
    """A world and its drills in staging."""

    def __init__(self, world: World, **drill: str) -> None:
        self.world = world
        told = deepcopy(CATALOGUE)
        places = told["services"]["api"]["environments"]
        places["staging"] = {**places["production"], "namespace": "staging", "drill": drill, "on-failure": "rollback"}
        told["services"]["api"]["runbooks"]["drill"] = "turn-round"
        world.catalogue = Catalogue.model_validate(told)
        self.well = Well()
        world.steps |= {step.uses: step for step in (Back(world.outside), self.well)}
        world.use(world.store)
        known = {uses: step.params for uses, step in world.steps.items()}
        world.shelf.documents["turn-round"] = parse(DRILL, path="turn-round.md", known=known)

    @property
    def reception(self) -> Reception:
        return self.world.reception

    async def good(self, *versions: str) -> None:
        """These were good in staging, the last one is what runs."""
        for version in versions:
            draft = Draft(store=self.world.store, catalogue=self.world.catalogue, now=self.world.now)
            await draft.apply(STAGING, Adopt(known_good(version), ALEX))
            await self.world.store.commit(draft.changes())

    async def asked(self, version: str = "", by: Actor = RILEY) -> asks.Reply:
        return await self.world.hears(asks.Drill("api", "staging", version), by)

    async def begun(self, version: str = "", by: Actor = OPSBOT) -> str:
        """One that waits for its approval."""
        reply = await self.asked(version, by)
        assert reply.did == "drilling", reply
        await self.world.works()
        return str(reply.facts["run"])

    async def through(self, version: str = "") -> Run:
        """One that was approved, at its end."""
        run = await self.begun(version)
        await self.approved(run)
        return await self.world.run(run)

    async def approved(self, run: str) -> None:
        """It goes on, to the end of both ways."""
        assert (await self.world.approves(run)).did == "approved"
        await self.world.works()
        for _ in range(2):
            self.world.later(seconds=self.well.takes)
            await self.world.works()

    async def drills(self) -> Drills:
        found: Drills = (await self.world.store.read(["drill/api/staging"])).streams["drill/api/staging"].state
        return found

    async def finding(self, name: str) -> Finding:
        found: Finding = (await self.world.store.read([f"finding/{name}"])).streams[f"finding/{name}"].state
        return found

    async def release(self) -> Release:
        found: Release = (await self.world.store.read([STAGING])).streams[STAGING].state
        return found
