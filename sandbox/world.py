"""The small real world in one piece: PostgreSQL, Kubernetes with a node, a sample service, Slack, `opsbot serve`.

The demo, the tour and the acceptance tests all run in this.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from sandbox.cache import cache_folder
from sandbox.cluster.control_plane import ControlPlane
from sandbox.node import Node
from sandbox.postgres import PostgresServer
from sandbox.prometheus import PrometheusServer
from sandbox.scraping import scraping
from sandbox.service import database, manifests
from sandbox.service.repository import build
from sandbox.slack import LocalSlack, Person, SlackServer, sandbox_workspace
from sandbox.tether import tethered

SERVICE = manifests.NAME
PLACES = {"production": "solvereign-production", "staging": "solvereign-staging"}
_PLANS = 'solvereign_plans_total{namespace="${namespace}"'
KPIS = {
    "failed-plans": {
        "title": "failed plans",
        "query": f'100 * sum(rate({_PLANS}, outcome="failed"}}[${{window}}])) / sum(rate({_PLANS}}}[${{window}}]))',
        "unit": "%",
        "direction": "lower-is-better",
        "tolerance": 5,
        "window": "5s",
    },
    "p95": {
        "title": "p95",
        "query": "1000 * histogram_quantile(0.95, sum by (le) "
        '(rate(http_request_duration_seconds_bucket{namespace="${namespace}"}[${window}])))',
        "unit": "ms",
        "direction": "lower-is-better",
        "tolerance": 1000,  # as much as can be measured: how busy this machine is says nothing of a release
        "window": "5s",
    },
}


class WorldFailed(Exception):
    """A part of the world did not come up; the text says which, and its last words."""


@dataclass
class World:
    """Everything that was started, and where it answers."""

    folder: Path
    postgres: PostgresServer
    rehearsal: PostgresServer  # where migrations are rehearsed
    cluster: ControlPlane
    node: Node
    slack: LocalSlack
    repository: Path
    urls: Mapping[str, str]  # of the service, by environment
    databases: Mapping[str, str]  # of the service, by environment
    prometheus: PrometheusServer
    bot: "asyncio.subprocess.Process | None" = None
    more: dict[str, str] = field(default_factory=dict)  # environment of the bot beside the ordinary

    def person(self, name: str) -> Person:
        """Somebody of the workspace, to type and click."""
        return self.slack.person(name)

    @property
    def owner_url(self) -> str:
        """The bot's own database, as its owner."""
        return self.postgres.url("opsbot")

    @property
    def known_good_file(self) -> Path:
        """The last known good of production."""
        return self.folder / "state" / SERVICE / "production" / "last-known-good.json"

    def environment(self) -> dict[str, str]:
        """What the bot's process finds in its environment: nothing of ours that it does not need."""
        mine = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "XDG_CACHE_HOME") if name in os.environ}
        return {
            **mine,
            "OPSBOT_DATABASE_URL": self.postgres.url("opsbot", user="opsbot"),
            "OPSBOT_CATALOGUE": str(self.folder / "opsbot.yaml"),
            "OPSBOT_STATE_FOLDER": str(self.folder / "var"),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "SANDBOX_KUBECONFIG": str(self.cluster.opsbot_kubeconfig),
            "PRODUCTION_DATABASE_URL": self.databases["production"],
            "STAGING_DATABASE_URL": self.databases["staging"],
            "REHEARSAL_DATABASE_URL": self.rehearsal.url(),
            **self.more,
        }

    async def opsbot(self, *arguments: str, **more: str) -> str:
        """Run `opsbot ARGUMENTS` to its end; what it printed. Raises WorldFailed."""
        process = await asyncio.create_subprocess_exec(
            *_opsbot(*arguments),
            env={**self.environment(), **more},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed = (await process.communicate())[0].decode()
        if process.returncode:
            raise WorldFailed(f"opsbot {' '.join(arguments)}: {printed.strip()[-1500:]}")
        return printed

    async def serve(self, **more: str) -> "asyncio.subprocess.Process":
        """Start `opsbot serve`; its log goes to `opsbot.log`. Whoever starts a second one ends the first."""
        environment = {**self.environment(), **more}
        with (self.folder / "opsbot.log").open("ab") as log:
            self.bot = await asyncio.create_subprocess_exec(
                *_opsbot("serve"), env=environment, stdout=log, stderr=log
            )
        return self.bot

    @property
    def log(self) -> str:
        """The bot's log so far."""
        path = self.folder / "opsbot.log"
        return path.read_text() if path.exists() else ""

    def sql(self, environment: str, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask the database of the service (or, as `opsbot`, the bot's own)."""
        url = self.owner_url if environment == "opsbot" else self.databases[environment]
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode(), values).fetchall()


def _opsbot(*arguments: str) -> list[str]:
    return tethered([sys.executable, "-m", "bot", *arguments])


@asynccontextmanager
async def small_world(
    folder: Path, *, crashing: tuple[str, ...] = (), serve: bool = True, changes: Mapping[str, Any] | None = None
) -> AsyncIterator[World]:
    """Start everything in `folder`, with v41 running and adopted; end it with the block.

    `crashing` versions of the sample service crash; `changes` go over the production environment of the catalogue.
    """
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 # the world starts before anything runs beside it
    repository = build(folder / "repository", crashing=crashing)
    async with AsyncExitStack() as stack:
        cluster = ControlPlane(folder / "cluster", durable=False)
        stack.push_async_callback(asyncio.to_thread, cluster.stop)
        starting = asyncio.create_task(
            asyncio.to_thread(cluster.start)
        )  # it takes longest; the rest starts beside it
        slack = await stack.enter_async_context(LocalSlack(SlackServer(sandbox_workspace(), folder=folder / "slack")))
        postgres = stack.enter_context(PostgresServer(folder / "postgres", durable=False))
        rehearsal = stack.enter_context(PostgresServer(folder / "rehearsal", durable=False))
        databases = _databases(postgres, repository)
        await starting
        node = Node(kubeconfig=cluster.admin_kubeconfig, repository=repository, cache=cache_folder())
        await stack.enter_async_context(node)
        urls = await _service(cluster, node, databases)
        prometheus = await stack.enter_async_context(scraping(node, PLACES.values(), folder=folder / "prometheus"))
        world = World(folder, postgres, rehearsal, cluster, node, slack, repository, urls, databases, prometheus)
        stack.push_async_callback(_stop, world)
        _write_catalogue(world, changes or {})
        await _prepare(world, serve=serve)
        yield world


def _databases(postgres: PostgresServer, repository: Path) -> dict[str, str]:
    """The bot's own database, empty, and the service's, at v41."""
    postgres.create_database("opsbot")
    return {
        place: database.prepare(postgres, f"solvereign_{place}", repository=repository, version="v41")
        for place in PLACES
    }


async def _service(cluster: ControlPlane, node: Node, databases: Mapping[str, str]) -> dict[str, str]:
    """The sample service at v41 in both environments, and a port in front of each."""
    urls = {}
    for place, namespace in PLACES.items():
        cluster.grant(namespace)  # it makes the namespace too
        objects = manifests.everything(namespace, version="v41", database_url=databases[place])
        items = [each for each in objects if each["kind"] != "Namespace"]
        # Created, not applied: an applied Deployment is somebody else's to apply again, and a rollback says so.
        cluster.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        urls[place] = f"http://127.0.0.1:{await node.expose(namespace, manifests.LABELS)}"
    return urls


def _write_catalogue(world: World, changes: Mapping[str, Any]) -> None:
    (world.folder / "opsbot.yaml").write_text(yaml.safe_dump(catalogue(world, changes), sort_keys=False))


def catalogue(world: World, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The sandbox's `opsbot.yaml`."""
    slack = world.slack
    groups = {name: {"slack": found} for name, found in slack.workspace.group_ids.items()}
    service = {
        "image": manifests.IMAGE,
        "tag": "version",
        "source": {"repository": str(world.repository)},
        "workloads": [{"deployment": SERVICE, "containers": ["api"]}],
        "migrations": {"folder": database.MIGRATIONS},
        "commands": {
            "tests": {"run": ["python", "-m", "pytest", "backend_py/"], "timeout": "2m", "tests": True},
            "compatibility": {
                "run": ["python", "-m", "backend_py.tools.compatibility"],
                "timeout": "1m",
                "env": {"DATABASE_URL": "${database}"},
            },
        },
        "smoke": [{"path": "/health/live", "contains": "alive"}, {"path": "/health/ready", "contains": "ready"}],
        "version-path": "/version",
        "kpis": KPIS,
        "onboarding": _onboarding(world),
        "default-environment": "production",
        "environments": {place: _environment(world, place) for place in PLACES},
    }
    service["environments"]["production"] |= dict(changes)  # type: ignore[index] # a dict of dicts
    clusters = {"sandbox": {"kubeconfig": "SANDBOX_KUBECONFIG"}}
    people = {"bodo@solvereign.example": slack.workspace.users["casey"]}  # of the authors one, so that both are seen
    return {"groups": groups, "people": people, "clusters": clusters, "services": {SERVICE: service}}


def _onboarding(world: World) -> dict[str, Any]:
    """The gates, which look into the service's databases; nobody needs a password there."""
    tool = ["python", "-m", "backend_py.tools.onboarding_contract", "validate"]
    which = ["--tenant", "${tenant}", "--gate", "${gate}", "--environment", "${environment}"]
    databases = {f"{place.upper()}_DATABASE_URL": url for place, url in world.databases.items()}
    return {"run": [*tool, *which], "timeout": "1m", "env": databases}


def _environment(world: World, place: str) -> dict[str, Any]:
    channels = world.slack.channels
    return {
        "cluster": "sandbox",
        "namespace": PLACES[place],
        "production": place == "production",
        "url": world.urls[place],
        "database": f"{place.upper()}_DATABASE_URL",
        "rehearsal": "REHEARSAL_DATABASE_URL",
        "channels": {
            "deploys": channels["deploys"],
            "s1": channels["incidents"],
            "s2": channels["incidents"],
            "announce": channels["general"],
        },
        "deployers": ["developers", "sre"],
        "rollers-back": ["sre"],
        "approval": {"group": "sre", "expires": "30m"},
        "stakeholders": _stakeholders(world) if place == "production" else {},
        **({"drill": {"version": "v48"}} if place == "staging" else {}),
        "last-known-good": str(world.folder / "state" / SERVICE / place / "last-known-good.json"),
        "health": {"passes": 3, "interval": "1s", "timeout": "30s"},
        "prometheus": world.prometheus.url,
        "watch": {"for": "20s" if place == "production" else "5s", "every": "1s", "grace": "3s"},
        "rollout": {"deadline": "2m", "grace": "3s", "soak": "2s", "poll": "1s"},
    }


def _stakeholders(world: World) -> dict[str, Any]:
    workspace = world.slack.workspace
    return {"channels": [workspace.channel_ids["general"]], "people": [workspace.users["sam"]]}


async def _prepare(world: World, *, serve: bool) -> None:
    """The bot's schema and its restricted user, what runs now as the last known good, and the bot."""
    rolled_out = asyncio.create_task(asyncio.to_thread(_wait_for_pods, world.cluster))
    await world.opsbot("migrate", OPSBOT_OWNER_DATABASE_URL=world.owner_url)
    await rolled_out
    if serve:
        await world.serve()
    await asyncio.gather(*(world.opsbot("adopt", SERVICE, place) for place in PLACES))


def _wait_for_pods(cluster: ControlPlane) -> None:
    for namespace in PLACES.values():
        cluster.kubectl("rollout", "status", f"deployment/{SERVICE}", "-n", namespace, "--timeout=60s")


async def _stop(world: World) -> None:
    if world.bot is not None and world.bot.returncode is None:
        world.bot.terminate()
        try:
            async with asyncio.timeout(10):
                await world.bot.wait()
        except TimeoutError:
            world.bot.kill()
            await world.bot.wait()
