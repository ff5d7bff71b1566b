"""`opsbot serve` killed in the middle of a command, a Job, a migration, a rollout and a wait for approval.

A short version of the campaign: `make kills` plays many rounds.
"""

import pytest

from tests.acceptance.rounds import kill_in_the_middle, printed
from tests.acceptance.stage import Stage
from tests.fixtures.world import LEASE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("seed", range(1, 3))
async def test_no_effect_is_lost_or_repeated(stage: Stage, seed: int) -> None:
    met = await kill_in_the_middle(stage, seed, lease=LEASE)
    print(printed(met, seed))
    assert [one for one in met if not one.once] == []
