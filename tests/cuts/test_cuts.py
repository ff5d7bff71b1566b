"""Each step of `bot.kinds`, cut off between intent and record and between effect and record, does as it declares."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.kinds import KINDS
from runbooks.runs.state import Status
from runbooks.vocabulary import Cut
from sandbox.postgres import PostgresServer
from tests.cuts.playing import Play, Played, Scenario
from tests.cuts.scenarios import MORE, SCENARIOS, Places
from tests.cuts.seam import WHERE, Dies, Seam
from tests.cuts.test_cuts_of_pods import ON_A_CLUSTER
from tests.engine.world import World
from tests.fixtures.schemas import Schema

MADE: dict[str, Callable[[Places], Any]] = {kind.uses: made for kind, made in SCENARIOS.items()} | MORE


@pytest.fixture
def places(small_world: World, schema: Schema, tmp_path: Path, rehearsal_server: PostgresServer) -> Places:
    return Places(small_world, schema, tmp_path, rehearsal_server)


async def played(scenario: Scenario, places: Places, dies: Dies) -> Played:
    return await Play(scenario, places.world.store, places.world, Seam(dies)).through()


def test_every_step_has_its_scenario_and_states_what_it_does() -> None:
    assert {kind.uses for kind in KINDS} == {kind.uses for kind in SCENARIOS} | set(ON_A_CLUSTER)
    assert [kind.uses for kind in KINDS if not isinstance(vars(kind).get("cut"), Cut)] == []


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("uses", MADE)
async def test_it_does_as_it_declares(uses: str, where: str, places: Places) -> None:
    scenario = await MADE[uses](places)
    found = await played(scenario, places, WHERE[where])
    assert (found.seam.dead, found.cut_amid) == (True, True), found.run.reason
    assert found.run.status is Status.SUCCEEDED, found.run.reason
    assert found.effects == scenario.once
    assert len(found.asked) == (found.cut is Cut.PARKS)
