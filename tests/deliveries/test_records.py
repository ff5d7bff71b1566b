"""The record stands where the catalogue wants it: written, written anew, and told where it can't be."""

from pathlib import Path

from bot.record import AGAIN, LOOK, PATIENCE
from runbooks.digests import digest_of
from runbooks.releases.lkg_file import lkg_json
from runbooks.releases.record import Keep
from tests.deliveries.record_desk import STREAM, Desk, good
from tests.engine.world import World


def kept_in(file: Path) -> str:
    return file.read_text()


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
