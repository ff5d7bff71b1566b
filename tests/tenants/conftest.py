"""One world with tenants per test."""

from pathlib import Path

import pytest

from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.tenants.world import Onboarding


@pytest.fixture
async def onboarding(small_world: World, store_database: StoreDatabase, tmp_path: Path) -> Onboarding:
    """v1 runs and is known to be good."""
    made = Onboarding(small_world, store_database, tmp_path)
    made.prepare()
    await small_world.adopted("v1")
    return made
