"""A small world whose requests go a long way to the database; what is due is done near by."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks import folds as rooms
from sandbox.far import FarDatabase, far_away
from tests.engine.world import World
from tests.fixtures.store import PATIENT, StoreDatabase

AWAY = 0.02  # seconds; what is sent before an answer is one round trip with it


@pytest.fixture
async def way(store_database: StoreDatabase) -> AsyncIterator[FarDatabase]:
    async with far_away(store_database.url, AWAY) as way:
        yield way


@pytest.fixture
async def far(way: FarDatabase, small_world: World) -> AsyncIterator[World]:
    """Its requests go on a connection that stands already."""
    async with Pool(way.address, answer_within=PATIENT) as pool:
        store = PostgresStore(pool, rooms.folds(), now=lambda: small_world.now)
        await store.number()
        small_world.reception = replace(small_world.reception, store=store)
        yield small_world
