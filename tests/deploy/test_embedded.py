"""`OPSBOT_DATABASE_URL=embedded`: Opsbot serves on a PostgreSQL of its own, which it starts, shares and stops."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import embedded
from bot.adapters.postgres.preflight import NotReady
from bot.settings import Settings
from sandbox.slack import LocalSlack
from sandbox.tether import tethered
from tests.bad_input.test_command_line import catalogue

Process = asyncio.subprocess.Process


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: where we are root, PostgreSQL's user must be let through."""
    with tempfile.TemporaryDirectory(prefix="opsbot-embedded-") as name:
        Path(name).chmod(0o711)
        yield Path(name)
        if (server := Path(name) / "var" / "postgres").exists():
            with embedded.Server(server).running():
                pass  # the last one to leave stops it, whatever came before


@pytest.fixture
def environment(local_slack: LocalSlack, folder: Path) -> dict[str, str]:
    catalogue(folder, groups={name: {"slack": found} for name, found in local_slack.groups.items()})
    return {
        "PATH": os.environ["PATH"],
        "OPSBOT_DATABASE_URL": "embedded",
        "OPSBOT_CATALOGUE": str(folder / "opsbot.yaml"),
        "OPSBOT_STATE_FOLDER": str(folder / "var"),
        "SLACK_BOT_TOKEN": local_slack.bot_token,
        "SLACK_APP_TOKEN": local_slack.app_token,
        "SLACK_API_URL": local_slack.api_url,
        "KUBERNETES_SERVICE_HOST": "",
    }


async def start(environment: Mapping[str, str], *arguments: str) -> Process:
    command = tethered([sys.executable, "-m", "bot", *arguments])
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)


async def ended(process: Process) -> tuple[int | None, str]:
    out, err = await process.communicate()
    return process.returncode, (out + err).decode()


@asynccontextmanager
async def serving(environment: Mapping[str, str], slack: LocalSlack) -> AsyncIterator[Process]:
    bot = await start(environment, "serve")
    try:
        await slack.bot_connected(seconds=60)
        yield bot
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()


async def test_it_serves_shares_its_database_and_stops_it(
    environment: dict[str, str], local_slack: LocalSlack, folder: Path
) -> None:
    riley = local_slack.person("riley")
    pid = folder / "var" / "postgres" / "data" / "postmaster.pid"
    async with serving(environment, local_slack) as bot:
        await riley.command("deploys", "/deploy status")
        await riley.sees("deploys", "Nothing is under way.")
        await riley.command("deploys", "/deploy api v2")
        await riley.sees("deploys", "D-1 started: api v2 in production.")
        assert await ended(await start(environment, "verify")) == (
            0,
            "Every chain is whole, and every state is what its events make.\n",
        )
        assert pid.exists(), "who came second did not stop it"
        bot.kill()
        await bot.wait()
        assert pid.exists(), "a killed process leaves it running"
    async with serving(environment, local_slack) as bot:
        await riley.command("deploys", "/deploy history")
        await riley.sees("deploys", "*D-1* deploy of api v2 to production")
        bot.send_signal(signal.SIGTERM)
        assert (await ended(bot))[0] == 0
        assert not pid.exists(), "the last one stops it"


def refusal(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPSBOT_DATABASE_URL", "embedded")
    monkeypatch.setenv("OPSBOT_STATE_FOLDER", str(state_folder))
    with pytest.raises(NotReady) as refused, embedded.database(Settings.load()):
        pass
    return str(refused.value)


def test_a_path_too_long_for_a_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(folder / ("x" * 90), monkeypatch)
    assert re.fullmatch(r"the path \S+ is too long for PostgreSQL: choose a shorter OPSBOT_STATE_FOLDER", said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user")
def test_a_folder_that_nobody_may_enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    assert refusal(closed / "state", monkeypatch) == (
        f"PostgreSQL does not run as root, and the user nobody can't pass {closed}: "
        "run Opsbot as another user, or choose another OPSBOT_STATE_FOLDER"
    )
