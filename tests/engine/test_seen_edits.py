"""Changes of others that people were shown: who saw which, and what the step that would overwrite them is told."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Run, Status, StepRun
from runbooks.steps.base import Params, Resolved, Site, Turn
from runbooks.vocabulary import Done, Failed, Outcome
from tests.engine.knob import TEN, Knob
from tests.engine.world import ALEX, SAM, World


class Overwriting(Knob):
    """The knob, whose plan says which changes of others turning it overwrites; keeps what it is told was seen."""

    planned: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()

    async def resolve(self, params: Params, site: Site) -> Resolved:
        found = await super().resolve(params, site)
        return replace(found, params={**found.params, "overwrites": list(self.planned)})

    async def start(self, turn: Turn) -> Outcome:
        self.seen = turn.site.seen
        return await super().start(turn)


@pytest.fixture
def knob(world: World) -> Overwriting:
    knob = Overwriting(world.outside)
    world.steps["knob"] = knob
    return knob


async def clicked(world: World, version: str = "", seen: Iterable[str] = ()) -> str:
    release = await world.release()
    target = release.find(version) if version else release.known_good
    assert target is not None
    reply = await world.hears(asks.RollBack("api", "", version, target_digest(target), tuple(seen)), ALEX)
    await world.works()
    return str(reply.facts["run"])


async def test_what_the_confirmation_showed_is_seen_and_what_came_later_is_not(
    world: World, knob: Overwriting
) -> None:
    await world.adopted("v1")
    knob.planned = ("shown", "came-later")
    await clicked(world, seen=["shown"])
    assert knob.seen == {"shown"}


async def test_what_an_approved_plan_showed_is_seen(world: World, knob: Overwriting) -> None:
    await world.adopted("v1")
    await world.adopted("v2")
    knob.planned = ("planned",)
    run_id = await clicked(world, "v1")
    await world.approves(run_id, SAM)
    await world.works()
    assert knob.seen == {"planned"}


async def failed(world: World) -> Run:
    """A deploy that failed, and the rollback that answered it by itself."""
    run_id = await world.at_the_gate("v3")
    await world.approves(run_id)
    world.outside.answers = [Failed("New pods crash.")]
    await world.works()
    return await world.run(run_id.replace("D-", "R-"))


async def test_of_a_rollback_that_begins_by_itself_what_the_deploys_card_showed_is_seen(
    world: World, knob: Overwriting
) -> None:
    await world.adopted("v1")
    knob.planned = ("on-the-card",)
    assert (await failed(world)).seen == ("on-the-card",)
    assert knob.seen == {"on-the-card"}


async def test_of_a_rollback_that_begins_by_itself_nothing_is_seen_that_no_card_showed(
    world: World, knob: Overwriting
) -> None:
    await world.adopted("v1")
    assert (await failed(world)).status is Status.SUCCEEDED
    assert knob.seen == frozenset()


def test_a_card_shows_what_its_steps_found_too() -> None:
    found = StepRun(1, TEN, Done("back to v1", {"overwrites": ["in-the-way-back"]}))
    assert Run("D-1", steps={"way-back": found}).overwrites == ("in-the-way-back",)
