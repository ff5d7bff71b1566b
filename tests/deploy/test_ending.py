"""A real `opsbot serve`, asked to stop while a real command runs: it begins no more and holds on to nothing."""

import asyncio
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from bot.in_hand import PATIENCE
from bot.serving import GRACE
from bot.slack_http import PATH
from sandbox.slack import LocalSlack
from sandbox.tether import tethered
from sandbox.waiting import until
from tests.deploy.test_health import free_port
from tests.deploy.test_slack_http import COMMAND, Sender
from tests.engine.world import CATALOGUE
from tests.fixtures.repositories import Repository
from tests.fixtures.store import StoreDatabase

pytestmark = pytest.mark.slack
BOOK = """# Deploy

- [ ] Run it
  ```step
  id: run
  uses: command
  command: wait
  ```
- [ ] Run it again
  ```step
  id: again
  uses: command
  command: wait
  ```
"""
ROWS = "select key, leased_until is null, due is null from work where kind = 'run'"
EVENTS = "select data::text from events where stream = 'run/D-1' order by version"


@dataclass
class Bot:
    """The process, at its command; `go` lets that end."""

    process: asyncio.subprocess.Process
    folder: Path
    url: str
    health: str

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> str:
        _, said = await asyncio.wait_for(self.process.communicate(), 40)
        assert self.process.returncode == 0, said.decode()
        return said.decode()

    async def ready(self) -> bool:
        try:
            async with httpx.AsyncClient() as probe:
                return (await probe.get(self.health)).status_code == 200
        except httpx.ConnectError:
            return False

    async def closed(self) -> bool:
        return not await self.ready()

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            return await (await connection.execute(query)).fetchall()

    async def told(self) -> list[str]:
        """The run's events as kind and step."""
        events = [json.loads(data) for (data,) in await self.rows(EVENTS)]
        return [" ".join(filter(None, (e["kind"], e.get("step")))) for e in events if e["kind"] != "progressed"]


def written(folder: Path, slack: LocalSlack) -> None:
    """Catalogue, runbooks and a repository, where one command waits until it may end."""
    Repository(folder / "source").commit({"README": "made up"}, tag="v2")
    (folder / "shelf").mkdir()
    (folder / "shelf" / "deploy.md").write_text(BOOK)
    (folder / "shelf" / "back.md").write_text("# Back\n\n- [ ] Look\n")
    place = shlex.quote(str(folder))
    wait = f"echo $$ > {place}/begun; while [ ! -e {place}/go ]; do sleep 0.1; done"
    made = json.loads(json.dumps(CATALOGUE))
    service = made["services"]["api"]
    service["source"] = {"repository": str(folder / "source")}
    service["commands"] = {"wait": {"run": ["sh", "-c", wait], "runner": "local", "timeout": "5m"}}
    made["groups"] = {name: {"slack": found} for name, found in slack.groups.items()}
    (folder / "opsbot.yaml").write_text(yaml.safe_dump({**made, "library": ["shelf"]}))


@pytest.fixture
async def bot(
    store_database: StoreDatabase, local_slack: LocalSlack, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Bot]:
    """Asked by socket, or by HTTP where the test says so, for a deploy that has come to its command."""
    written(tmp_path, local_slack)
    health, port = free_port(), free_port()
    by_http = {"SLACK_SIGNING_SECRET": local_slack.signing_secret, "OPSBOT_SLACK_PORT": str(port)}
    http = getattr(request, "param", "socket") == "http"
    environment = {
        "PATH": os.environ["PATH"],
        "OPSBOT_DATABASE_URL": store_database.url,
        "OPSBOT_CATALOGUE": str(tmp_path / "opsbot.yaml"),
        "OPSBOT_STATE_FOLDER": str(tmp_path / "var"),
        "OPSBOT_HEALTH_PORT": str(health),
        "SLACK_BOT_TOKEN": local_slack.bot_token,
        "SLACK_API_URL": local_slack.api_url,
        "KUBERNETES_SERVICE_HOST": "",
        **(by_http if http else {"SLACK_APP_TOKEN": local_slack.app_token}),
    }
    process = await asyncio.create_subprocess_exec(
        *tethered([sys.executable, "-m", "bot", "serve"]), env=environment, stderr=asyncio.subprocess.PIPE
    )
    made = Bot(process, tmp_path, store_database.url, f"http://127.0.0.1:{health}/readyz")
    try:
        await until(made.ready, seconds=60, what="that it is ready")
        if http:
            await ask(local_slack, port)
        else:
            await local_slack.person("riley").command("deploys", "/deploy api v2")
        await until((tmp_path / "begun").exists, seconds=60, what="the command")
        yield made
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ask(slack: LocalSlack, port: int) -> None:
    """As Riley, by a signed request."""
    who = {"user_id": slack.users["riley"], "team_id": slack.workspace.team_id}
    async with httpx.AsyncClient(timeout=20) as client:
        sender = Sender(client, f"http://127.0.0.1:{port}{PATH}", slack.signing_secret)
        assert "D-1 started" in (await sender.sends({**COMMAND, **who}, at=int(time.time()))).text


async def test_what_is_under_way_ends_and_the_rest_is_left_to_others(bot: Bot, local_slack: LocalSlack) -> None:
    bot.stop()
    await local_slack.journal.until(lambda: not local_slack.proxy.sockets.count, seconds=20)
    assert not await bot.ready()
    (bot.folder / "go").touch()
    await bot.ended()
    assert (await bot.told())[-2:] == ["began run", "recorded run"]
    assert await bot.rows(ROWS) == [("run/D-1", True, False)], "let go of, and due for others"


@pytest.mark.parametrize("bot", ["http"], indirect=True)
async def test_asked_twice_it_ends_at_once_as_by_a_crash(bot: Bot) -> None:
    bot.stop()
    await until(bot.closed, seconds=20, what="that it takes no more requests")
    bot.stop()
    await bot.ended()
    assert (await bot.told())[-1] == "began run"
    assert await bot.rows(ROWS) == [("run/D-1", True, False)], "let go of, and due for others"
    with pytest.raises(ProcessLookupError):
        os.kill(int((bot.folder / "begun").read_text()), 0)


def test_kubernetes_waits_longer_than_that() -> None:
    deployment = yaml.safe_load(Path("deploy/kubernetes/base/bot.yaml").read_text())
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > PATIENCE + GRACE + 10
