"""The world whose state is told, and its desk before the local Slack."""

import pytest

from bot.adapters.postgres.pool import Pool
from sandbox.slack import LocalSlack
from tests.deliveries.desk import Desk, desk_of
from tests.engine.world import World


@pytest.fixture
def world(small_world: World) -> World:
    return small_world


@pytest.fixture
def desk(world: World, store_pool: Pool, local_slack: LocalSlack) -> Desk:
    return desk_of(world, local_slack, store_pool)
