"""A short campaign: a few services, some kills, a database restart. `make chaos` plays a long one."""

import pytest

from sandbox.slack import SlackServer
from tests.chaos.__main__ import told
from tests.chaos.campaign import Asked, play
from tests.chaos.world import temporary_folder
from tests.fixtures.cluster import cluster_programs

pytestmark = [pytest.mark.cluster, pytest.mark.slack]
SHORT = Asked(seed=46, seconds=35, services=5)  # a seed that restarts the database early


async def test_every_promise_holds_while_everything_fails(slack_server: SlackServer) -> None:
    cluster_programs()
    async with temporary_folder() as folder:
        result = await play(folder, SHORT, print)
    print(told(result))
    assert result.found == []
    assert result.ends["deploy succeeded"] >= 2
    assert result.met["kills"] >= 3
    assert result.met["database restarts"] >= 1
