"""One world per test, on the real store with the world's clock."""

from collections.abc import Mapping

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Fold
from tests.engine.world import World


@pytest.fixture
async def world(store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold]) -> World:
    """`store` is asked for so that the whole house is checked at the end."""
    made = World(store)
    made.store = PostgresStore(store_pool, folds, now=lambda: made.now)
    made.use(made.store)
    return made
