"""The engine's small world, where rollbacks keep a record and ask for lessons."""

import pytest

from tests.engine.world import World
from tests.incidents.records import with_records


@pytest.fixture
def world(small_world: World) -> World:
    return with_records(small_world)
