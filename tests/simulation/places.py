"""What is simulated: two services, what a deploy and a rollback of one do, and the ways to the outside worlds."""

import copy
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook
from runbooks.steps.base import Resolved, Site, Step, Turn, Untouched
from runbooks.steps.kubernetes.deployments import RUN, annotation
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.workloads import AnswerLost, Patch, Ref, ref_of
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending, Unreachable
from tests.engine.world import CATALOGUE
from tests.simulation.hands import Hand
from tests.simulation.outside import Cluster, Database

SERVICES = ("api", "web")
APPROVAL_SECONDS = 60
BAD = "bad"  # versions that end so crash

DEPLOY = """# Deploy

## Before
- [ ] Told everybody
- [ ] Approved
  ```step
  uses: approve
  ```

## Deploy
- [ ] Migrate
  ```step
  id: migrate
  uses: migrate
  ```
- [ ] Roll out
  ```step
  id: roll
  uses: kubernetes.rollout
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
---

# Back

## Back at once

- [ ] Take over
  ```step
  id: take-over
  uses: take-over
  ```
- [ ] Roll back
  ```step
  id: back
  uses: kubernetes.rollout
  ```
"""


def catalogue() -> Catalogue:
    """Two services in one environment, approvals that are good for a minute."""
    made: dict[str, Any] = copy.deepcopy(CATALOGUE)
    api = made["services"]["api"]
    production = api["environments"]["production"]
    production |= {"database": "SERVICE_DATABASE"}
    production["approval"] |= {"expires": f"{APPROVAL_SECONDS}s"}
    web = copy.deepcopy(api) | {
        "image": "registry.example/web",
        "workloads": [{"deployment": "web", "containers": ["web"]}],
    }
    web["environments"]["production"] |= {"namespace": "web", "database": "WEB_DATABASE"}
    made["services"]["web"] = web
    return Catalogue.model_validate(made)


class Shelf:
    """The two documents."""

    def __init__(self, steps: dict[str, Step]) -> None:
        known = {uses: step.params for uses, step in steps.items()}
        self.documents = {
            name: parse(text, path=f"{name}.md", known=known) for name, text in (("deploy", DEPLOY), ("back", BACK))
        }

    def runbook(self, runbook_id: str) -> Runbook:
        return self.documents[runbook_id].runs


class Workloads:
    """The cluster as a process reaches it."""

    def __init__(self, cluster: Cluster, hand: Hand) -> None:
        self._cluster = cluster
        self._hand = hand

    async def read(self, ref: Ref) -> Json:
        found: Json = await self._hand.outside("The cluster", lambda: self._cluster.read(ref))
        return found

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> None:
        try:
            await self._hand.outside(
                "The cluster", lambda: self._cluster.patch(ref, patch, dry_run), changes=not dry_run
            )
        except Unreachable as lost:
            raise AnswerLost from lost


class Rolling(Rollout):
    """The product's rollout; whether the pods are there is read from the small cluster."""

    def __init__(self, workloads: Any, cluster: Cluster) -> None:
        super().__init__(workloads)
        self._small = workloads
        self._cluster = cluster

    async def check(self, turn: Turn, token: Json) -> Outcome:
        (workload,) = turn.site.service.workloads
        raw = await self._small.read(ref_of(turn.site, workload.deployment))
        if annotation(raw, RUN) != turn.site.run:
            return Failed("Somebody else changed it.")
        if self._cluster.time() < self._cluster.rolled[workload.deployment]:
            return Pending(turn.now + timedelta(seconds=1), "rolling")
        if turn.site.version.endswith(BAD):
            return Failed("New pods crash.")
        return Done(f"pods on {turn.site.version}")


class Migrate(Step):
    """Something that can't be read from here: where it was cut off a person is asked, who looks."""

    uses = "migrate"
    changes = True
    touches = frozenset({"database"})
    cut = Cut.PARKS

    def __init__(self, databases: Mapping[str, Database], hand: Hand) -> None:
        self._databases = databases
        self._hand = hand

    async def resolve(self, params: Any, site: Site) -> Resolved:
        return Resolved({"commit": site.commit}, ("one migration",))

    async def start(self, turn: Turn) -> Outcome:
        database, commit = self._databases[turn.site.service_name], turn.step.params["commit"]
        await self._hand.outside("The database", lambda: database.migrate(turn.key, commit, turn.epoch), changes=True)
        return Done("migrated")

    async def abandon(self, turn: Turn) -> str:
        await self.fence(turn.site, turn.epoch)
        database = self._databases[turn.site.service_name]
        done = await self._hand.outside("The database", lambda: database.has(turn.key))
        return "it was migrated" if done else Untouched("nothing was migrated")

    async def fence(self, site: Site, epoch: int) -> None:
        """What the take-over needs of a service's database."""
        database = self._databases[site.service_name]
        await self._hand.outside("The database", lambda: database.fence(epoch))
