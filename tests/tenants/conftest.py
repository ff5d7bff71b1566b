"""One world with tenants per test."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Fold
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.tenants.world import Onboarding


@pytest.fixture
async def onboarding(
    store: PostgresStore, store_pool: Pool, store_database: StoreDatabase, folds: Mapping[str, Fold], tmp_path: Path
) -> Onboarding:
    """`store` is asked for so that the whole house is checked at the end. v1 runs and is known to be good."""
    world = World(store)
    world.store = PostgresStore(store_pool, folds, now=lambda: world.now)
    made = Onboarding(world, store_database, tmp_path)
    made.prepare()
    await world.adopted("v1")
    return made
