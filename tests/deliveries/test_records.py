"""The record where the catalogue wants it, and held against what runs: said once, and closed by itself."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.lkg_git import GitRecords
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.record import AGAIN, LOOK, PATIENCE, RecordKeeper
from bot.record_places import RecordPlaces
from commands.views.home import is_open
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.incidents.findings import Finding
from runbooks.releases.decide import Adopt
from runbooks.releases.lkg_file import lkg_json
from runbooks.releases.record import Keep
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref
from runbooks.store import Fold
from runbooks.vocabulary import Failed, Json, KnownGood, KnownWorkload, Unreachable, digest_of
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
        git = GitRecords(self.folder / "git", environment=os.environ, author="ops@solvereign.example")
        places = RecordPlaces(KubernetesConfigMaps(clusters), git, os.environ.__getitem__)
        return RecordKeeper(
            self.world.store,
            self.world.catalogue,
            places,
            self.running,  # type: ignore[arg-type]  # as much of a cluster as a look asks
            lambda: self.world.now,
        )

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


@pytest.fixture
def world(store: PostgresStore, store_pool: Pool, folds: dict[str, Fold]) -> World:
    world = World(store)
    world.use(PostgresStore(store_pool, folds, now=lambda: world.now))
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


def kept_in(file: Path) -> str:
    return file.read_text()


# ---------------------------------------------------------------- the places


async def test_a_promoted_release_is_kept_in_its_file(world: World, tmp_path: Path) -> None:
    file = tmp_path / "state" / "lkg.json"
    desk = Desk(world, tmp_path, file=str(file))
    run_id = await world.at_the_gate()
    await desk.looks()
    assert not file.exists()
    await world.approves(run_id)
    await world.works()
    await desk.looks()
    release = await world.release()
    assert release.known_good is not None
    assert (release.known_good.run, kept_in(file)) == (run_id, lkg_json(release.known_good))


async def test_what_could_not_be_written_is_a_finding_and_is_written_when_it_can_be(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("in the way")
    file = tmp_path / "state" / "lkg.json"
    desk = Desk(world, tmp_path, file=str(file))
    await desk.adopted("v1")
    await desk.looks()
    found = await desk.finding()
    assert (found.severity, found.title) == ("S4", "LKG state outdated")
    assert found.what == (
        f"v1 1111111 is the last known good, but {file} does not say so.",
        f"{file} can't be written (File exists). See to its folder, and to the disk.",
        "Opsbot goes on trying. A rollback does not need it: that goes by Opsbot's own record.",
    )
    for _ in range(3):
        await desk.later(seconds=AGAIN.total_seconds())
    assert len(await desk.findings()) == 1

    (tmp_path / "state").unlink()
    desk.keeper = desk.process()  # a restart loses nothing
    await desk.later(seconds=AGAIN.total_seconds())
    assert kept_in(file) == lkg_json(good("v1"))
    assert (await desk.finding()).mended == "The record is written everywhere now."
    assert not (await world.release()).behind


async def test_a_file_that_was_lost_is_written_anew_at_the_next_look(world: World, tmp_path: Path) -> None:
    file = tmp_path / "lkg.json"
    desk = Desk(world, tmp_path, file=str(file))
    await desk.adopted("v1")
    await desk.looks()
    file.unlink()
    await desk.keeper.begin()
    await desk.looks()
    assert kept_in(file) == lkg_json(good("v1"))
    file.write_text("{}")
    await desk.later(seconds=LOOK.total_seconds())
    assert kept_in(file) == lkg_json(good("v1"))
    kept = [each for each in await world.store.history(STREAM) if '"kept"' in each.data]
    assert len(kept) == 1


async def test_a_place_that_does_not_answer_is_a_finding_only_when_that_lasts(world: World, tmp_path: Path) -> None:
    file = tmp_path / "lkg.json"
    desk = Desk(world, tmp_path, file=str(file), **{"config-map": "api-lkg"})
    await desk.adopted("v1")
    await desk.looks()
    assert kept_in(file) == lkg_json(good("v1"))  # one place keeps no other from its copy
    await desk.later(seconds=60)
    assert await desk.findings() == []
    await desk.later(seconds=PATIENCE.total_seconds())
    found = await desk.finding()
    assert found.what[:2] == (
        "v1 1111111 is the last known good, but ConfigMap api-lkg does not say so.",
        "Kubernetes cluster main did not answer: its kubeconfig can't be used.",
    )


async def test_a_silent_place_that_holds_it_already_says_nothing(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path)
    await desk.adopted("v1")
    desk = Desk(world, tmp_path, **{"config-map": "api-lkg"})
    place = world.catalogue.services["api"].environments["production"].last_known_good
    assert place is not None
    await desk.applied(Keep(digest_of([lkg_json(good("v1")), place.model_dump(mode="json")])))
    for _ in range(4):
        await desk.later(seconds=LOOK.total_seconds())
    assert await desk.findings() == []


# ---------------------------------------------------------------- what runs


async def test_what_runs_and_is_not_recorded_is_told_once_with_what_to_do(desk: Desk) -> None:
    await desk.adopted("v1")
    await desk.looks()
    assert await desk.findings() == []
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    found = await desk.finding()
    assert (found.severity, found.title, found.run) == ("S4", "LKG state outdated", "")
    assert found.what == (
        "Deployment api runs v9, recorded is v1.",
        "Seen since 24 Nov 10:05 UTC, with no run under way. The last known good is v1 1111111.",
        "To keep what runs: /deploy it, or `opsbot adopt api production`. "
        "To go back to the record: /rollback api production.",
    )
    for _ in range(3):
        await desk.later(seconds=LOOK.total_seconds())
    assert len(await desk.findings()) == 1


async def test_it_closes_itself_when_what_is_recorded_runs_again_and_opens_anew(desk: Desk) -> None:
    await desk.adopted("v1")
    for version in ("v9", "v1", "v9"):
        desk.running.version = version
        await desk.later(seconds=LOOK.total_seconds())
    first, second = await desk.findings()
    assert (first.mended, second.mended) == ("v1 runs again, as it is recorded.", "")


async def test_it_closes_itself_with_the_next_good_deploy(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    await desk.world.works()
    assert (await desk.finding()).mended == f"{run_id} brought v2, which is recorded now."
    assert not (await desk.world.release()).behind


async def test_it_closes_itself_when_what_runs_is_adopted(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    await desk.adopted("v9")
    assert (await desk.finding()).mended == "What runs was recorded as the last known good: v9."
    await desk.looks()
    assert len(await desk.findings()) == 1


@pytest.mark.parametrize("trouble", [Unreachable("Kubernetes cluster main"), Denied("It may not be read.")])
async def test_a_cluster_that_can_not_be_read_opens_nothing_and_closes_nothing(
    desk: Desk, trouble: Exception
) -> None:
    await desk.adopted("v1")
    desk.running.trouble = trouble
    await desk.later(seconds=LOOK.total_seconds())
    assert await desk.findings() == []
    desk.running.version, desk.running.trouble = "v9", None
    await desk.later(seconds=LOOK.total_seconds())
    desk.running.version, desk.running.trouble = "v1", trouble
    await desk.later(seconds=LOOK.total_seconds())
    assert not (await desk.finding()).mended


async def test_a_deployment_that_is_gone_is_told(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.trouble = Missing("Deployment api")
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.finding()).what[0] == "There is no Deployment api any more."


async def test_while_a_run_is_under_way_nothing_is_compared(desk: Desk) -> None:
    await desk.adopted("v1")
    await desk.looks()
    run_id = await desk.world.deploys()
    desk.running.version, asked = "v9", desk.running.asked
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.findings(), desk.running.asked) == ([], asked)

    await desk.world.works()
    await desk.world.hears(asks.Abort(run_id), ALEX)
    await desk.world.works()
    await desk.later(seconds=LOOK.total_seconds())
    assert (await desk.finding()).what[0] == "Deployment api runs v9, recorded is v1."


async def test_a_run_that_begins_while_it_is_looked_keeps_it_from_being_said(desk: Desk) -> None:
    await desk.adopted("v1")
    await desk.looks()
    desk.running.version = "v9"
    before = desk.running.read

    async def read(ref: Ref) -> Json:
        found = await before(ref)
        await desk.world.deploys()
        return found

    desk.running.read = read  # type: ignore[method-assign]  # somebody who is faster
    await desk.later(seconds=LOOK.total_seconds())
    assert await desk.findings() == []


async def test_a_second_process_says_nothing_again(desk: Desk) -> None:
    """A process that was silent for longer than its lease comes back after another one has said it."""
    await desk.adopted("v1")
    await desk.looks()
    desk.running.version = "v9"
    before = desk.running.read

    async def read(ref: Ref) -> Json:
        desk.running.read = before  # type: ignore[method-assign]  # once
        desk.world.later(seconds=60)
        assert await desk.looks()
        return await before(ref)

    desk.running.read = read  # type: ignore[method-assign]  # a stall, while it looks
    await desk.later(seconds=LOOK.total_seconds())
    assert len(await desk.findings()) == 1


async def test_a_run_that_could_not_record_is_the_finding_until_that_is_mended(desk: Desk) -> None:
    await desk.adopted("v1")
    desk.running.version = "v9"
    await desk.later(seconds=LOOK.total_seconds())
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    outdated = Failed("Container web runs v9, not v2. Nothing was recorded.", finding="lkg-outdated")
    desk.world.outside.answers = [outdated]
    await desk.world.works()
    first, second = await desk.findings()
    assert (first.mended, second.id) == (f"{run_id} tells it anew.", f"{run_id}.lkg-outdated")
    back = run_id.replace("D-", "R-")
    assert second.mended == f"{back} brought v1 back, as it is recorded."


async def test_what_is_adopted_is_left_by_nobody_any_more(desk: Desk) -> None:
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    desk.world.outside.answers = [Failed("New pods crash.")]
    await desk.world.works()
    stream = f"finding/{run_id}.deploy-failed"
    assert (await desk.world.release()).left == (run_id,)
    assert is_open((await desk.world.store.read([stream])).streams[stream].state)
    await desk.adopted("v2")
    found: Finding = (await desk.world.store.read([stream])).streams[stream].state
    assert (await desk.world.release()).left == ()
    assert found.mended == "What stands there was adopted as the last known good: v2."
    assert not is_open(found)
