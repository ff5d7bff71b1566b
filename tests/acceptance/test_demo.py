"""The tour as people start it: it must fail where something that should be seen is not."""

import asyncio
import random
import sys
from pathlib import Path

import pytest

from sandbox.tether import tethered

ROOT = Path(__file__).parents[2]
SEED = 5
MESSAGES = 3  # of the first act, at least: the card, the rollback plan in its thread, the call for an approval


async def tour(*arguments: str) -> tuple[int | None, str]:
    """The exit code of `make tour` with these arguments, and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        *tethered([sys.executable, "-m", "sandbox.demo", "--patience", "20", *arguments]),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    printed = (await process.communicate())[0].decode()
    return process.returncode, printed


@pytest.mark.usefixtures("world_can_be")
async def test_the_tour_fails_where_a_release_or_a_message_is_lost() -> None:
    number = random.Random(SEED).randint(1, MESSAGES)  # noqa: S311  # to be repeated from its seed
    (crashed, of_crash), (swallowed, of_swallow) = await asyncio.gather(
        tour("--crash", "v42"), tour("--swallow", str(number))
    )
    assert crashed == 1, of_crash
    assert "the card ended otherwise than expected" in of_crash
    assert "Deploy failed: solvereign-api to staging" in of_crash
    assert swallowed == 1, of_swallow
    assert "[swallowed: " in of_swallow
    assert "not in Slack, though posted: run/D-1/" in of_swallow
