"""The real database, emptied before each seed."""

from collections.abc import Iterator

import pytest

from tests.fixtures.store import StoreDatabase
from tests.simulation.world import Backstage


@pytest.fixture
def backstage(store_database: StoreDatabase) -> Iterator[Backstage]:
    stage = Backstage(store_database.url, store_database.owner_url)
    yield stage
    stage.close()
