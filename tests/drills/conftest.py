"""The world whose drills are kept."""

import pytest

from tests.engine.world import World


@pytest.fixture
def world(small_world: World) -> World:
    return small_world
