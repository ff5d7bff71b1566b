"""Many runs before a strict Slack: PostgreSQL, the local Slack, and processes of the bot; no cluster is needed."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bot.adapters.postgres.migrate import grant_login, migrate
from sandbox.postgres import PostgresServer
from sandbox.slack import LocalSlack, Message, SlackServer
from sandbox.slack.limits import Limits
from sandbox.slack.workspace import Channel, Workspace, sandbox_workspace
from sandbox.tether import tethered
from tests.acceptance.people import key_of
from tests.acceptance.records import Records
from tests.engine.world import CATALOGUE
from tests.fixtures.postgres import temporary_server
from tests.fixtures.repositories import Repository

IN_A_CHANNEL = 20  # services; a channel takes a post a second
BOOKS = {"deploy": "# Deploy\n\n- [ ] Look\n- [ ] Look again\n", "back": "# Back\n\n- [ ] Look\n"}
GOING = """
select name, state ->> 'service' from streams
 where starts_with(name, 'run/') and state ->> 'status' in ('planning', 'running')
"""
OWED = """
select coalesce(max(extract(epoch from clock_timestamp() - owed_since)), 0)
  from work where due is not null and kind = 'messages'
"""


@dataclass
class World:
    """What was started."""

    slack: LocalSlack
    records: Records
    services: tuple[str, ...]
    limits: Limits

    async def cards(self) -> dict[str, Message]:
        """Every card that stands, by run."""
        riley, found = self.slack.person("riley"), {}
        for channel in {_channel(number).name for number in range(len(self.services))}:
            for message in await riley.messages(channel):
                _, _, name = key_of(message).partition("run/")
                if name.endswith("/card"):
                    found[name.removesuffix("/card")] = message
        return found

    async def going(self) -> dict[str, str]:
        """The services of the runs that nobody has ended, by run."""
        return {name.removeprefix("run/"): service for name, service in await self.records.rows(GOING)}

    async def owed(self) -> float:
        """For how long the oldest change waits that Slack does not show, in seconds."""
        [(seconds,)] = await self.records.rows(OWED)
        return float(seconds)


@asynccontextmanager
async def world(folder: Path, *, services: int, processes: int) -> AsyncIterator[World]:
    """Start everything, with Slack's limits on; end it with the block."""
    async with AsyncExitStack() as stack:
        server = SlackServer(_workspace(services), folder=folder / "slack")
        slack = await stack.enter_async_context(LocalSlack(server))
        slack.proxy.limits = limits = Limits()
        postgres = stack.enter_context(temporary_server())
        postgres.create_database("opsbot")
        migrate(postgres.url("opsbot"))
        grant_login(postgres.url("opsbot"), postgres.url("opsbot", user="opsbot"))
        names = tuple(f"api-{number}" for number in range(services))
        _write(folder, names)
        records = await stack.enter_async_context(Records(postgres.url("opsbot")))
        for number in range(processes):
            environment = _environment(folder, slack, postgres, number)
            await stack.enter_async_context(_serving(environment, folder / f"bot-{number}.log"))
        await slack.journal.until(lambda: slack.proxy.sockets.count == processes, seconds=60)
        yield World(slack, records, names, limits)


def _channel(service: int) -> Channel:
    number = service // IN_A_CHANNEL
    return Channel(f"C0CROWD{number}", f"crowd-{number}")


def _workspace(services: int) -> Workspace:
    usual = sandbox_workspace()
    channels = [_channel(number) for number in range(0, services, IN_A_CHANNEL)]
    return replace(usual, channels=(*usual.channels, *channels))


def _write(folder: Path, names: tuple[str, ...]) -> None:
    """The repository, the runbooks and the catalogue."""
    repository = Repository(folder / "source")
    repository.commit({"README.md": "Made up.\n"}, tag="v1")
    (folder / "shelf").mkdir()
    for name, text in BOOKS.items():
        (folder / "shelf" / f"{name}.md").write_text(text)
    service: dict[str, Any] = {**CATALOGUE["services"]["api"], "source": {"repository": repository.url}}
    place = service["environments"]["production"]

    def named(number: int, name: str) -> dict[str, Any]:
        workloads = [{"deployment": name, "containers": ["web"]}]
        there = {**place, "channels": {"deploys": _channel(number).id}}
        return {**service, "workloads": workloads, "environments": {"production": there}}

    services = {name: named(number, name) for number, name in enumerate(names)}
    groups = {name: {"slack": found} for name, found in sandbox_workspace().group_ids.items()}
    told = {**CATALOGUE, "groups": groups, "services": services, "library": ["shelf"]}
    (folder / "opsbot.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(told))))


def _environment(folder: Path, slack: LocalSlack, postgres: PostgresServer, number: int) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ},
        "OPSBOT_DATABASE_URL": postgres.url("opsbot", user="opsbot"),
        "OPSBOT_CATALOGUE": str(folder / "opsbot.yaml"),
        "OPSBOT_STATE_FOLDER": str(folder / f"var-{number}"),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "KUBERNETES_SERVICE_HOST": "",
    }


@asynccontextmanager
async def _serving(environment: dict[str, str], log: Path) -> AsyncIterator[None]:
    with _open(log) as out:
        words = tethered([sys.executable, "-m", "bot", "serve"])
        process = await asyncio.create_subprocess_exec(*words, env=environment, stdout=out, stderr=out)
        try:
            yield
        finally:
            process.terminate()
            await process.wait()


@contextmanager
def _open(log: Path) -> Iterator[Any]:
    with log.open("ab") as out:
        yield out
