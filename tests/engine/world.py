"""A small world for the engine: the real store, a catalogue, a document, and steps whose effects are counted."""

from datetime import timedelta
from typing import Any

from bot.adapters.postgres.store import PostgresStore
from runbooks.catalogue import Catalogue
from runbooks.commits import Commits
from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook
from runbooks.engine import asks
from runbooks.engine.advance import Advance
from runbooks.engine.draft import Draft
from runbooks.engine.handle import Reception
from runbooks.engine.planning import Planner
from runbooks.engine.starts import shown_digest
from runbooks.redaction import Redactor
from runbooks.releases.decide import Adopt
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.steps.approve import Approve
from runbooks.steps.base import Step
from runbooks.steps.confirm import Confirm
from runbooks.steps.source import Author, Found, Kind
from runbooks.store import Lease, Work
from runbooks.vocabulary import Actor, KnownGood, Unreachable
from tests.engine.knob import TEN, Keep, Knob, Outside, TakeOver, known_good

RILEY, ALEX, SAM, OUTSIDER = (Actor(f"T1/U{name}") for name in ("RILEY", "ALEX", "SAM", "OUT"))

CATALOGUE: dict[str, Any] = {
    "groups": {"sre": {"members": ["UALEX", "USAM"]}, "developers": {"members": ["URILEY"]}},
    "clusters": {"main": {"in-cluster": True}},
    "services": {
        "api": {
            "image": "registry.example/api",
            "source": {"repository": "file:///source"},
            "workloads": [{"deployment": "api", "containers": ["web"]}],
            "runbooks": {"deploy": "deploy", "rollback": "back"},
            "default-environment": "production",
            "environments": {
                "production": {
                    "cluster": "main",
                    "namespace": "prod",
                    "channels": {"deploys": "C1", "s2": "C2"},
                    "deployers": ["developers", "sre"],
                    "rollers-back": ["sre"],
                    "approval": {"group": "sre"},
                }
            },
        }
    },
}
DEPLOY = """# Deploy

## Pre-deploy
- [ ] Told everybody
- [ ] Approved
  ```step
  uses: approve
  ```

## Deploy
- [ ] Turn the knob
  ```step
  id: knob
  uses: knob
  on-failure: {finding: deploy-failed, then: rollback}
  ```
- [ ] Remember it
  ```step
  id: keep
  uses: keep
  ```
"""
BACK = """---
id: back
title: Back
modes: {emergency: Back at once, planned: Planned}
---

# Back

## Back at once

- [ ] Take over
  ```step
  id: take-over
  uses: take-over
  ```
- [ ] Turn the knob back
  ```step
  id: unknob
  uses: knob
  ```

## Planned

### Before

- [ ] Read how
- [ ] Told them

### Slowly

- [ ] Turn the knob back slowly
  ```step
  id: slowly
  uses: knob
  ```

### Afterwards

- [ ] Lessons
"""


class Shelf:
    """The documents of this world."""

    def __init__(self, steps: dict[str, Step]) -> None:
        known = {uses: step.params for uses, step in steps.items()}
        self.documents = {
            name: parse(text, path=f"{name}.md", known=known) for name, text in (("deploy", DEPLOY), ("back", BACK))
        }

    def runbook(self, runbook_id: str) -> Runbook:
        document, _, mode = runbook_id.partition("/")
        return self.documents[document].mode(mode) if mode else self.documents[document].runs


class History:
    """A source where every version exists; `moved` changes one's commit, `commits` and `writers` are what comes."""

    def __init__(self) -> None:
        self.moved: dict[str, str] = {}
        self.commits = Commits(4, ("Ada Beispiel", "Bodo Beispiel"))
        self.writers = (Author("Ada Beispiel", "ada@api.example"), Author("Bodo Beispiel", "bodo@api.example"))
        self.names = ("v3", "v2", "v1")  # newest first
        self.silent = False

    async def resolve(self, repository: str, version: str) -> Found:
        if self.silent:
            raise Unreachable("The source repository")
        return Found(self.moved.get(version, version[-1] * 40), version, Kind.TAG)

    async def newest(self, repository: str, most: int) -> tuple[str, ...]:
        return self.names[:most]

    async def between(self, repository: str, base: str, head: str) -> Commits | None:
        return self.commits

    async def authors(self, repository: str, base: str, head: str) -> tuple[Author, ...]:
        return self.writers

    async def files(self, repository: str, commit: str, folder: str) -> dict[str, str]:
        return {}


class Roll:
    """Who is in which group; `silent` when Slack does not answer."""

    def __init__(self) -> None:
        self.groups = {"sre": {ALEX, SAM}, "developers": {RILEY}}
        self.silent = False

    async def of(self, group: str) -> frozenset[Actor]:
        if self.silent:
            raise Unreachable("Slack")
        return frozenset(self.groups.get(group, set()))

    async def groups_of(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        return frozenset([group for group in among if by in await self.of(group)])


class World:
    """One process's view; two of them on one store are two replicas."""

    def __init__(self, store: PostgresStore, outside: Outside | None = None) -> None:
        self.outside = outside or Outside()
        self.now = TEN
        self.members = Roll()
        self.source = History()
        self.catalogue = Catalogue.model_validate(CATALOGUE)
        self.steps: dict[str, Step] = {s.uses: s for s in (Knob(self.outside), Keep(), Confirm(), Approve())}
        self.steps["take-over"] = TakeOver(self.steps)
        self.use(store)
        self._gestures = 0

    def use(self, store: PostgresStore) -> None:
        """Work on this store."""
        self.store = store
        self.shelf = Shelf(self.steps)
        planner = Planner(self.catalogue, self.shelf, self.steps, self.source)
        self.reception = Reception(store, self.catalogue, self.members, lambda: self.now, self.shelf)
        self.engine = Advance(store, planner, self.members, Redactor(), lambda: self.now)

    def replica(self) -> "World":
        """Another process on the same store, seeing the same outside."""
        other = World(self.store, self.outside)
        other.now = self.now
        return other

    async def hears(self, ask: asks.Ask, by: Actor = RILEY, key: str = "") -> asks.Reply:
        self._gestures += 1
        return await self.reception.handle(ask, by=by, key=key or f"gesture/{id(self)}/{self._gestures}")

    async def claim(self) -> Lease | None:
        return await self.store.claim(["run"])

    async def works(self) -> None:
        """Do everything that is due."""
        while (lease := await self.claim()) is not None:
            await self.store.finish(lease, await self.engine.advance(lease))

    async def run(self, run_id: str) -> Run:
        found: Run = (await self.store.read([f"run/{run_id}"])).streams[f"run/{run_id}"].state
        return found

    async def release(self) -> Release:
        found: Release = (await self.store.read(["release/api/production"])).streams["release/api/production"].state
        return found

    async def deploys(self, version: str = "v2", by: Actor = RILEY) -> str:
        reply = await self.hears(asks.Deploy("api", version), by)
        assert reply.did == "started", reply
        return str(reply.facts["run"])

    async def rolls_back(self, by: Actor = ALEX, version: str = "") -> asks.Reply:
        """Confirm an emergency rollback, as it was shown."""
        release = await self.release()
        target = release.find(version) if version else release.known_good
        return await self.hears(
            asks.RollBack("api", "", version, shown_digest(release, target) if target else ""), by
        )

    async def releases(self, by: Actor = ALEX) -> asks.Reply:
        """Say why deploys may go on after a rollback."""
        return await self.hears(asks.Unlock("api", "", "The cause is known."), by)

    async def approves(self, run_id: str, by: Actor = ALEX) -> asks.Reply:
        return await self.hears(asks.Approve(run_id, (await self.run(run_id)).digest), by)

    async def ticks(self, run_id: str, step: str = "told-everybody") -> asks.Reply:
        return await self.hears(asks.Answer(run_id, step, "done"))

    async def adopted(self, what: str | KnownGood = "v1") -> None:
        """What runs now is the last known good."""
        good = known_good(what) if isinstance(what, str) else what
        draft = Draft(store=self.store, catalogue=self.catalogue, now=self.now)
        await draft.apply("release/api/production", Adopt(good, ALEX))
        await self.store.commit(draft.changes())

    async def at_the_gate(self, version: str = "v2") -> str:
        run_id = await self.deploys(version)
        await self.works()
        await self.ticks(run_id)
        await self.works()
        assert (await self.run(run_id)).waits_for_approval
        return run_id

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def work(run_id: str) -> Work:
    return Work("run", f"run/{run_id}")
