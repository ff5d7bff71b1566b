"""The real database, emptied before each course of events."""

from collections.abc import Iterator

import pytest

from tests.fixtures.store import StoreDatabase
from tests.model.stage import Stage


@pytest.fixture
def stage(store_database: StoreDatabase) -> Iterator[Stage]:
    made = Stage(store_database)
    yield made
    made.close()
