"""What the bot needs when it has nothing to do."""

from pathlib import Path

import pytest

from sandbox.world import World
from tests.acceptance.people import deploy
from tests.acceptance.stage import APPROVAL, COMMAND, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")
MOST_KIB = 150 * 1024


def resident(pid: int) -> int:
    """The process's resident memory, KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


async def test_idle_it_needs_less_than_150_mb(stage: Stage, world: World) -> None:
    for kind in (APPROVAL, COMMAND):
        run = await deploy(stage, kind)
        await run.approve()
        await run.succeeded()
        await run.card(lambda m: "✅ Done" in m.shown)
    assert world.bot
    found = resident(world.bot.pid)
    print(f"{found / 1024:.0f} MB")
    assert found < MOST_KIB
