"""A real `opsbot serve` half a second away from its database, asked ten times a second; Slack waits three seconds."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

from bot.slack_http import PATH
from sandbox.far import far_away
from sandbox.slack import LocalSlack
from sandbox.tether import tethered
from sandbox.waiting import until
from tests.deploy.test_health import free_port
from tests.deploy.test_slack_http import COMMAND, Sender
from tests.engine.world import CATALOGUE
from tests.fixtures.repositories import Repository
from tests.fixtures.store import StoreDatabase

pytestmark = pytest.mark.slack
AWAY = 0.5  # seconds that each round trip takes longer
COMMANDS, APART = 30, 0.1
SLACK_WAITS = 3.0  # seconds
BOOK = "# Deploy\n\n- [ ] Told everybody\n"


@dataclass
class Asked:
    """What a command was answered, and after how many seconds."""

    text: str
    after: float


def written(folder: Path, slack: LocalSlack) -> None:
    """A catalogue of as many services as commands come, whose runs wait for a person."""
    Repository(folder / "source").commit({"README": "made up"}, tag="v2")
    (folder / "shelf").mkdir()
    (folder / "shelf" / "deploy.md").write_text(BOOK)
    (folder / "shelf" / "back.md").write_text("# Back\n\n- [ ] Look\n")
    made = json.loads(json.dumps(CATALOGUE))
    service = made["services"].pop("api") | {"source": {"repository": str(folder / "source")}}
    for number in range(COMMANDS):
        workloads = [{"deployment": f"api-{number}", "containers": ["web"]}]
        made["services"][f"api-{number}"] = {**service, "workloads": workloads}
    made["groups"] = {name: {"slack": found} for name, found in slack.groups.items()}
    (folder / "opsbot.yaml").write_text(yaml.dump({**made, "library": ["shelf"]}))


@pytest.fixture
async def sender(store_database: StoreDatabase, local_slack: LocalSlack, tmp_path: Path) -> AsyncIterator[Sender]:
    """Somebody who asks the process, once it is ready."""
    written(tmp_path, local_slack)
    health, port = free_port(), free_port()
    async with far_away(store_database.url, AWAY) as way, httpx.AsyncClient(timeout=20) as client:
        environment = {
            "PATH": os.environ["PATH"],
            "OPSBOT_DATABASE_URL": way.address,
            "OPSBOT_CATALOGUE": str(tmp_path / "opsbot.yaml"),
            "OPSBOT_STATE_FOLDER": str(tmp_path / "var"),
            "OPSBOT_HEALTH_PORT": str(health),
            "OPSBOT_SLACK_PORT": str(port),
            "SLACK_BOT_TOKEN": local_slack.bot_token,
            "SLACK_SIGNING_SECRET": local_slack.signing_secret,
            "SLACK_API_URL": local_slack.api_url,
            "KUBERNETES_SERVICE_HOST": "",
        }
        with (tmp_path / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *tethered([sys.executable, "-m", "bot", "serve"]), env=environment, stderr=log
            )

        async def ready() -> bool:
            try:
                return (await client.get(f"http://127.0.0.1:{health}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await until(ready, seconds=90, what="that it is ready")
            yield Sender(client, f"http://127.0.0.1:{port}{PATH}", local_slack.signing_secret)
        finally:
            process.kill()
            await process.wait()


async def asked(sender: Sender, slack: LocalSlack, number: int) -> Asked:
    await asyncio.sleep(number * APART)
    who = {"user_id": slack.users["riley"], "team_id": slack.workspace.team_id}
    command = {**COMMAND, **who, "text": f"api-{number} v2", "trigger_id": f"far.{number}"}
    began = time.monotonic()
    answer = await sender.sends(command, at=int(time.time()))
    return Asked(answer.text, time.monotonic() - began)


async def test_each_command_is_acknowledged_in_time_and_none_is_lost(
    sender: Sender, local_slack: LocalSlack, store_database: StoreDatabase
) -> None:
    found = await asyncio.gather(*(asked(sender, local_slack, number) for number in range(COMMANDS)))
    told = [re.match(r"(D-\d+) started: ", each.text) for each in found]
    assert all(told), [each.text for each in found]
    assert max(each.after for each in found) < SLACK_WAITS
    with psycopg.connect(store_database.owner_url) as connection:
        rows = connection.execute("select name from streams where name like 'run/%'").fetchall()
    assert {f"run/{each[1]}" for each in told if each} == {name for (name,) in rows}
