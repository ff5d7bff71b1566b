"""The place of the measurement: a control plane with simulated nodes, PostgreSQL, a Slack, one process of the bot."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.rollback.health import PATHS, Healthy
from bot.adapters.postgres.migrate import grant_login, migrate
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.kwok import PLACEMENT, Kwok
from sandbox.postgres import PostgresServer
from sandbox.service import database, manifests
from sandbox.service.repository import build
from sandbox.slack import LocalSlack, SlackServer, sandbox_workspace
from sandbox.tether import tethered

GOOD, BAD = "v41", "v42"
SERVICE = manifests.NAME
PASSES, INTERVAL = 5, 1.0  # the catalogue's own defaults: rounds in a row, seconds between two
_START = 90.0  # seconds


@dataclass(frozen=True)
class Place:
    """One environment: a namespace with one Deployment of so many replicas."""

    replicas: int

    @property
    def name(self) -> str:
        """Of the environment and its namespace."""
        return f"replicas-{self.replicas}"

    @property
    def variable(self) -> str:
        """What the catalogue calls the address of its database."""
        return f"DATABASE_{self.replicas}"


@dataclass(frozen=True)
class World:
    """What was started."""

    cluster: ControlPlane
    postgres: PostgresServer
    slack: LocalSlack
    healthy: Healthy

    def bring_forward(self, place: Place) -> None:
        """The release that is to be taken back, whole, under the bot's name: as a deploy of it would have left it."""
        kubectl, where = self.cluster.kubectl, ("-n", place.name)
        what = f"api={manifests.IMAGE}:{BAD}"
        kubectl("set", "image", f"deployment/{SERVICE}", what, "--field-manager=opsbot", *where)
        self.cluster.kubectl("rollout", "status", f"deployment/{SERVICE}", *where, "--timeout=50s")


@asynccontextmanager
async def world(folder: Path, places: Sequence[Place]) -> AsyncIterator[World]:
    """Start everything, each place adopted at the good version; end it with the block."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing runs beside it yet
    repository = build(folder / "repository")
    async with AsyncExitStack() as stack:
        cluster = ControlPlane(folder / "cluster", durable=True)
        stack.push_async_callback(asyncio.to_thread, cluster.stop)
        await asyncio.to_thread(cluster.start)
        slack = await stack.enter_async_context(LocalSlack(SlackServer(sandbox_workspace(), folder=folder / "slack")))
        postgres = stack.enter_context(PostgresServer(folder / "postgres", durable=True))
        databases = _databases(postgres, places, repository)
        stack.enter_context(Kwok(cluster, nodes=2))
        await asyncio.to_thread(_pods, cluster, places)
        healthy = stack.enter_context(Healthy())
        made = World(cluster, postgres, slack, healthy)
        (folder / "opsbot.yaml").write_text(yaml.safe_dump(_catalogue(made, places, repository)))
        environment = _environment(made, folder, databases)
        for place in places:
            await _opsbot(environment, "adopt", SERVICE, place.name)
        await stack.enter_async_context(_serving(environment, folder))
        await slack.bot_connected(seconds=_START)
        yield made


def _databases(postgres: PostgresServer, places: Sequence[Place], repository: Path) -> dict[str, str]:
    """The bot's own, which tells when each row was committed, and one of the service for each place."""
    postgres.execute("alter system set track_commit_timestamp = on")
    postgres.stop()
    postgres.start()
    postgres.create_database("opsbot")
    migrate(postgres.url("opsbot"))
    grant_login(postgres.url("opsbot"), postgres.url("opsbot", user="opsbot"))
    return {
        place.variable: database.prepare(postgres, place.variable.lower(), repository=repository, version=GOOD)
        for place in places
    }


def _pods(cluster: ControlPlane, places: Sequence[Place]) -> None:
    """Created, not applied: an applied Deployment is somebody else's to apply again."""
    for place in places:
        cluster.grant(place.name)
        made = manifests.deployment(place.name, version=GOOD, replicas=place.replicas)
        made["spec"]["template"]["spec"] |= PLACEMENT
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(made))
        cluster.kubectl("rollout", "status", f"deployment/{SERVICE}", "-n", place.name, "--timeout=50s")


def _catalogue(made: World, places: Sequence[Place], repository: Path) -> dict[str, Any]:
    """Timings are the catalogue's defaults, but that a rollout that is complete is not watched: kubectl doesn't."""
    slack = made.slack
    return {
        "library": [str(Path(__file__).parent)],
        "groups": {name: {"slack": found} for name, found in slack.workspace.group_ids.items()},
        "clusters": {"sandbox": {"kubeconfig": "SANDBOX_KUBECONFIG"}},
        "services": {
            SERVICE: {
                "image": manifests.IMAGE,
                "tag": "version",
                "source": {"repository": str(repository)},
                "workloads": [{"deployment": SERVICE, "containers": ["api"]}],
                "migrations": {"folder": database.MIGRATIONS},
                "commands": {name: {"run": ["true"]} for name in ("tests", "smoke")},  # what a deploy would need
                "runbooks": {"rollback": "back"},
                "default-environment": places[0].name,
                "environments": {place.name: _place(made, place) for place in places},
            }
        },
    }


def _place(made: World, place: Place) -> dict[str, Any]:
    channels = made.slack.channels
    return {
        "cluster": "sandbox",
        "namespace": place.name,
        "url": made.healthy.url,
        "database": place.variable,
        "channels": {"deploys": channels["deploys"], "s1": channels["incidents"], "s2": channels["incidents"]},
        "deployers": ["developers"],
        "rollers-back": ["sre"],
        "approval": {"group": "sre"},
        "health": {"paths": list(PATHS), "passes": PASSES, "interval": f"{INTERVAL:g}s"},
        "rollout": {"soak": "0s"},
    }


def _environment(made: World, folder: Path, databases: dict[str, str]) -> dict[str, str]:
    mine = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **mine,
        "OPSBOT_DATABASE_URL": made.postgres.url("opsbot", user="opsbot"),
        "OPSBOT_CATALOGUE": str(folder / "opsbot.yaml"),
        "OPSBOT_STATE_FOLDER": str(folder / "var"),
        "SLACK_BOT_TOKEN": made.slack.bot_token,
        "SLACK_APP_TOKEN": made.slack.app_token,
        "SLACK_API_URL": made.slack.api_url,
        "SANDBOX_KUBECONFIG": str(made.cluster.opsbot_kubeconfig),
        **databases,
    }


async def _opsbot(environment: dict[str, str], *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *tethered([sys.executable, "-m", "bot", *arguments]),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await process.communicate())[0].decode()
    if process.returncode:
        raise RuntimeError(f"opsbot {' '.join(arguments)}: {printed.strip()[-1500:]}")


@asynccontextmanager
async def _serving(environment: dict[str, str], folder: Path) -> AsyncIterator[None]:
    with (folder / "opsbot.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *tethered([sys.executable, "-m", "bot", "serve"]), env=environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
