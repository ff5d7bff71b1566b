"""The short version: real processes share a strict Slack's limits without knowing of each other, in real time."""

from pathlib import Path

import pytest

from tests.crowd.play import Crowd
from tests.crowd.world import world

pytestmark = pytest.mark.slack
RUNS = 10
MOST = 60.0  # seconds; those of a minute's budget


async def test_runs_of_two_processes_that_end_at_once_are_all_shown(tmp_path: Path) -> None:
    async with world(tmp_path, services=RUNS, processes=2) as made:
        crowd = Crowd(made)
        await crowd.end_at_once(await crowd.begins())
        assert len(crowd.ended) == RUNS
        assert crowd.late()[-1] <= MOST
