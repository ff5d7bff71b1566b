"""`opsbot doctor` beside a bot that serves, on the whole small world as the tour has it."""

from pathlib import Path

import pytest
import yaml

from sandbox.waiting import until
from sandbox.world import World, WorldFailed, catalogue

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_all_of_the_small_world_holds(world: World, tmp_path: Path) -> None:
    path = tmp_path / "opsbot.yaml"
    path.write_text(yaml.safe_dump(catalogue(world, {})))
    said = []

    async def holds() -> bool:
        try:
            said.append(await world.opsbot("doctor", "--timeout", "30", OPSBOT_CATALOGUE=str(path)))
        except WorldFailed as cause:  # at first Prometheus has scraped nothing yet
            said.append(str(cause))
        return said[-1].endswith(" checks hold.\n")

    await until(holds, what="that everything holds", seconds=40)
    assert "kpis of solvereign-api production" in said[-1]
