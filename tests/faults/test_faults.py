"""A real bot process killed before and after its commits and effects; another one ends its work, each effect once.

A few points drawn from a seed; `make faults` plays every point.
"""

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.postgres.verify import faults
from runbooks.folds import folds
from sandbox.slack import LocalSlack
from tests.faults.world import Small
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.store import StoreDatabase

pytestmark = pytest.mark.slack
ONCE = {"marks": 1, "rows": 1, "tables": 1}
SAMPLE = 2


@pytest.fixture
async def small(
    tmp_path: Path, store_database: StoreDatabase, database: DatabaseFactory, local_slack: LocalSlack
) -> AsyncIterator[Small]:
    made = Small(tmp_path, local_slack, store_database, database(), seen={""})
    yield made
    await made.ends()


async def test_whatever_point_it_dies_at_each_effect_is_once(small: Small) -> None:
    whole = await small.play(0)
    assert (whole.killed, whole.status, whole.effects, whole.twice) == (False, "succeeded", ONCE, [])
    points = small.points_file.read_text().splitlines()
    for number in _chosen(len(points)):
        met = await small.play(number)
        print(f"{number} of {len(points)}, {points[number - 1]}: {met}", flush=True)
        assert (met.status, met.effects, met.twice) == ("succeeded", ONCE, []), points[number - 1]
    assert await faults(small.database.owner_url, folds()) == []


def _chosen(points: int) -> list[int]:
    seed = os.environ.get("OPSBOT_FAULTS", "1")
    if seed == "all":
        return list(range(1, points + 1))
    return sorted(random.Random(seed).sample(range(1, points + 1), SAMPLE))  # noqa: S311  # to be repeated from its seed
