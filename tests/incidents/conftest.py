"""The engine's small world on the real store, where rollbacks keep a record and ask for lessons."""

from collections.abc import Mapping

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Fold
from tests.engine.world import World
from tests.incidents.records import with_records


@pytest.fixture
async def world(store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold]) -> World:
    """`store` is asked for so that the whole house is checked at the end."""
    made = World(store)
    made.use(PostgresStore(store_pool, folds, now=lambda: made.now))
    return with_records(made)
