"""The store's tests have rooms of their own."""

from collections.abc import AsyncIterator, Mapping

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.postgres.verify import faults
from runbooks.store import Fold
from tests.fixtures.store import StoreDatabase
from tests.store.counter import FOLDS, TestClock


@pytest.fixture
def folds() -> Mapping[str, Fold]:
    return FOLDS


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def timed(store_database: StoreDatabase, store_pool: Pool, clock: TestClock) -> AsyncIterator[PostgresStore]:
    """The store under the test's clock."""
    yield PostgresStore(store_pool, FOLDS, now=clock)
    assert await faults(store_database.owner_url, FOLDS) == []
