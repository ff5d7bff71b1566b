"""What is simulated: two services, what a deploy and a rollback of one do, and the ways to the outside worlds."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook
from runbooks.steps.base import Params, Resolved, Site, Step, Turn, Untouched
from runbooks.steps.kubernetes.deployments import RUN, annotation
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.workloads import AnswerLost, Patch, Ref, ref_of
from runbooks.steps.source import Found
from runbooks.vocabulary import Actor, Cut, Done, Failed, Json, KnownGood, Outcome, Pending, Unreachable
from tests.engine.world import CATALOGUE, History
from tests.simulation.hands import Hand
from tests.simulation.outside import Cluster, Database

SERVICES = ("api", "web")
APPROVAL_SECONDS = 60
DATABASE = "The service's database"
WATCHED = timedelta(seconds=3)
KIM = Actor("T1/UKIM")
BAD, SICK = "bad", "sick"  # versions that end so crash, or are found wanting while they are watched

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
- [ ] Watch it
  ```step
  id: watch
  uses: watched
  on-failure: {finding: deploy-failed, then: rollback}
  ```
"""
BACK = """---
id: back
title: Back
modes: {emergency: Back at once, planned: Slowly}
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

## Slowly

- [ ] Told them
- [ ] Roll back slowly
  ```step
  id: slowly
  uses: kubernetes.rollout
  ```
"""


@cache
def catalogue() -> Catalogue:
    """Two services, approvals that are good for a minute; `web` wants two of them, and goes back when it is asked."""
    made: dict[str, Any] = copy.deepcopy(CATALOGUE)
    made["groups"]["sre"]["members"].append("UKIM")
    api = made["services"]["api"]
    production = api["environments"]["production"]
    production |= {"database": "SERVICE_DATABASE"}
    production["approval"] |= {"expires": f"{APPROVAL_SECONDS}s"}
    web = copy.deepcopy(api) | {
        "image": "registry.example/web",
        "workloads": [{"deployment": "web", "containers": ["web"]}],
    }
    web["environments"]["production"] |= {"namespace": "web", "database": "WEB_DATABASE", "on-failure": "ask"}
    web["environments"]["production"]["approval"] |= {"count": 2}
    made["services"]["web"] = web
    return Catalogue.model_validate(made)


class Shelf:
    """The two documents."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self._documents = _documents(frozenset((uses, step.params) for uses, step in steps.items()))

    def runbook(self, runbook_id: str) -> Runbook:
        document, _, mode = runbook_id.partition("/")
        return self._documents[document].mode(mode) if mode else self._documents[document].runs


@cache
def _documents(known: frozenset[tuple[str, type[Params]]]) -> Mapping[str, Runbook]:
    texts = (("deploy", DEPLOY), ("back", BACK))
    return {name: parse(text, path=f"{name}.md", known=dict(known)) for name, text in texts}


class Source(History):
    """Every version is a commit of its own."""

    async def resolve(self, repository: str, version: str) -> Found:
        found = await super().resolve(repository, version)
        commit = self.moved.get(version) or hashlib.sha256(version.encode()).hexdigest()[:40]
        return replace(found, commit=commit)


class Keep(Step):
    """Stages a candidate."""

    uses = "keep"

    async def start(self, turn: Turn) -> Outcome:
        good = KnownGood(turn.site.run, turn.site.version, turn.site.commit, (), "", "sha256:0", turn.now)
        return Done("candidate", {"known_good": TypeAdapter(KnownGood).dump_python(good, mode="json")})


class Watched(Step):
    """Looks at the new release for some seconds."""

    uses = "watched"

    async def start(self, turn: Turn) -> Outcome:
        return Pending(turn.now + WATCHED, "watching")

    async def check(self, turn: Turn, token: Json) -> Outcome:
        return Failed("It is not well.") if turn.site.version.endswith(SICK) else Done("well")


class Workloads:
    """The cluster as a process reaches it."""

    def __init__(self, cluster: Cluster, hand: Hand) -> None:
        self._cluster = cluster
        self._hand = hand

    async def read(self, ref: Ref) -> Json:
        found: Json = await self._hand.outside("The cluster", lambda: self._cluster.read(ref))
        return found

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        try:
            patched: Json = await self._hand.outside(
                "The cluster", lambda: self._cluster.patch(ref, patch, dry_run), changes=not dry_run
            )
        except Unreachable as lost:
            raise AnswerLost from lost
        return patched


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
        await self._hand.outside(DATABASE, lambda: database.migrate(turn.key, commit, turn.epoch), changes=True)
        return Done("migrated")

    async def abandon(self, turn: Turn) -> str:
        await self.fence(turn.site, turn.epoch)
        database = self._databases[turn.site.service_name]
        done = await self._hand.outside(DATABASE, lambda: database.has(turn.key))
        return "it was migrated" if done else Untouched("nothing was migrated")

    async def fence(self, site: Site, epoch: int) -> None:
        """What the take-over needs of a service's database."""
        database = self._databases[site.service_name]
        await self._hand.outside(DATABASE, lambda: database.fence(epoch))
