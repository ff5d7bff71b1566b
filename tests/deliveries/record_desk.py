"""A small world, what runs in it, and the keeper of its record."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.lkg_git import GitRecords
from bot.record import RecordKeeper
from bot.record_places import RecordPlaces
from runbooks.catalogue import Catalogue
from runbooks.digests import digest_of
from runbooks.engine.draft import Draft
from runbooks.incidents.findings import Finding
from runbooks.releases.decide import Adopt
from runbooks.steps.kubernetes.workloads import Ref
from runbooks.vocabulary import Json, KnownGood, KnownWorkload
from tests.engine.world import ALEX, CATALOGUE, World, known_good
from tests.steps.clusters import deployment, template

STREAM = "release/api/production"


@dataclass
class Running:
    """What runs: the image's tag, or what asking for it comes to."""

    version: str = "v1"
    trouble: Exception | None = None
    asked: int = 0

    def template(self) -> Json:
        return template(f"registry.example/api:{self.version}")

    async def read(self, ref: Ref) -> Json:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return deployment(template_=self.template())

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return ()

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return ()


def good(version: str, run: str = "adopt") -> KnownGood:
    found = template(f"registry.example/api:{version}")
    workload = KnownWorkload("api", "d-1", found, {"api": f"registry.example/api:{version}"}, digest=digest_of(found))
    return replace(known_good(version, run), workloads=(workload,))


class Desk:
    """A world, what runs in it, and the keeper of its record."""

    def __init__(self, world: World, folder: Path, **place: Any) -> None:
        self.world, self.folder, self.running = world, folder, Running()
        raw: dict[str, Any] = CATALOGUE["services"]["api"]
        production = {**raw["environments"]["production"], **({"last-known-good": place} if place else {})}
        services = {"api": {**raw, "environments": {"production": production}}}
        world.catalogue = Catalogue.model_validate({**CATALOGUE, "services": services})
        world.use(world.store)
        self.keeper = self.process()

    def process(self) -> RecordKeeper:
        """A process of its own on the same database."""
        clusters = Clusters({"main": Address(self.folder / "no.kubeconfig")})
        git = GitRecords(
            self.folder / "git",
            environment=os.environ,
            author="ops@solvereign.example",
            clock=self.seconds,
        )
        places = RecordPlaces(KubernetesConfigMaps(clusters), git, os.environ.__getitem__)
        return RecordKeeper(
            self.world.store,
            self.world.catalogue,
            places,
            self.running,  # type: ignore[arg-type]  # as much of a cluster as a look asks
            lambda: self.world.now,
        )

    def seconds(self) -> float:
        return self.world.now.timestamp()

    async def looks(self) -> int:
        """Do what is due; how often that was."""
        done = 0
        while (lease := await self.world.store.claim(["record"])) is not None:
            await self.world.store.finish(lease, await self.keeper.keep(lease))
            done += 1
        return done

    async def adopted(self, version: str) -> None:
        await self.applied(Adopt(good(version), ALEX))

    async def applied(self, command: Any) -> None:
        draft = Draft(store=self.world.store, catalogue=self.world.catalogue, now=self.world.now)
        await draft.apply(STREAM, command)
        await self.world.store.commit(draft.changes())

    async def findings(self) -> list[Finding]:
        """The findings about the record, oldest first."""
        found = await self.world.store.latest("finding/", 50)
        return [each for _, each in reversed(found) if each.name == "lkg-outdated"]

    async def finding(self) -> Finding:
        [found] = await self.findings()
        return found

    async def later(self, **span: float) -> None:
        self.world.later(**span)
        await self.looks()
