"""An import beside a run on the real store: what a run is changing is not recorded over."""

import pytest

from bot.lkg.files import NoBundle
from bot.lkg.importing import record
from runbooks.catalogue import targets
from runbooks.engine.draft import Draft
from runbooks.releases.bundle import bundle_of
from runbooks.releases.importing import Import
from runbooks.vocabulary import Actor
from tests.engine.world import World
from tests.lkg.releases import good

V41 = good()
BUNDLE = bundle_of("api", "production", V41)
COMMAND = Import(V41, BUNDLE.digest, "the old database is lost", Actor("shell/ada"))


async def imported(world: World) -> bool:
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    held = targets(world.catalogue.services["api"], "production")
    return await record(world.store, draft, BUNDLE, COMMAND, held)


async def test_not_while_a_run_holds_the_place(small_world: World) -> None:
    run = await small_world.at_the_gate()
    with pytest.raises(NoBundle) as caught:
        await imported(small_world)
    assert str(caught.value) == (
        f"{run} is under way in api production, so nothing was recorded. When it has ended, run the same "
        "`opsbot lkg import` again."
    )
    assert (await small_world.release()).known_good is None


async def test_once_when_nothing_is_under_way(small_world: World) -> None:
    assert [await imported(small_world), await imported(small_world)] == [True, False]
    assert (await small_world.release()).known_good == V41
    assert len(await small_world.store.history("release/api/production")) == 1
