"""`/rollback` in the middle of five deploys; `make rollbacks` plays a hundred."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.stage import Stage
from tests.rollbacks.place import Place, placed
from tests.rollbacks.rounds import play

pytestmark = pytest.mark.asyncio(loop_scope="session")
SEEDS = range(1, 6)
WITHIN = 180.0  # seconds for one round; it takes about 25 where nothing else runs


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(stage: Stage) -> AsyncIterator[Place]:
    async with placed(stage) as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
async def test_it_ends_in_the_good_template_and_a_healthy_service(place: Place, seed: int) -> None:
    async with asyncio.timeout(WITHIN):
        played = await play(place, seed)
    print(played)
    assert played.wrongs == []
