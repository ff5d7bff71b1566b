"""The campaign's world: a control plane with simulated nodes, PostgreSQL, Slack, and three processes of the bot."""

import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import yaml

from bot.adapters.postgres.migrate import grant_login, migrate
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.kwok import Kwok
from sandbox.cluster.processes import free_port
from sandbox.cluster.rights import service_rights
from sandbox.postgres import PostgresServer
from sandbox.service.database import ROLE
from sandbox.slack import LocalSlack, SlackServer
from tests.acceptance.stage import OUTSIDER
from tests.chaos import places
from tests.chaos.board import Board
from tests.chaos.bots import Bot, Bots, inherited
from tests.chaos.gestures import Hands
from tests.chaos.nursery import Nursery
from tests.chaos.wires import ApiWire, Wire
from tests.fixtures.postgres import temporary_server

VERSIONS = 200
PROCESSES = 3
TEMPLATE = "chaos_template"
LARGER = 40  # times Slack's real budgets


@dataclass
class World:
    """Everything that was started, and where it answers."""

    folder: Path
    services: tuple[places.Place, ...]
    postgres: PostgresServer
    cluster: ControlPlane
    slack: LocalSlack
    board: Board
    bots: Bots
    hands: Hands
    database: Wire  # between the bots and PostgreSQL
    api: ApiWire  # between the bots and the API server

    @property
    def owner_url(self) -> str:
        """The bot's own database, as its owner, not through any wire."""
        return self.postgres.url("opsbot")

    def service_url(self, place: places.Place) -> str:
        """A service's database, as an outsider with all rights."""
        return self.postgres.url(place.service)


@asynccontextmanager
async def world(folder: Path, *, services: int, seed: int) -> AsyncIterator[World]:
    """Start everything; end it with the block."""
    made = places.places(services)
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 # nothing runs beside it yet
    repository = places.repository(folder / "source", VERSIONS)
    async with AsyncExitStack() as stack:
        cluster = ControlPlane(folder / "cluster", durable=False)
        stack.push_async_callback(asyncio.to_thread, cluster.stop)
        starting = asyncio.create_task(asyncio.to_thread(_cluster, cluster, made))
        workspace = places.workspace(made)
        slack = await stack.enter_async_context(LocalSlack(SlackServer(workspace, folder=folder / "slack")))
        postgres = stack.enter_context(temporary_server(durable=True))  # in memory, where there is room
        _databases(postgres, made)
        await starting
        stack.enter_context(Kwok(cluster, nodes=2))
        await asyncio.to_thread(_pods, cluster, made)
        database = await stack.enter_async_context(Wire(postgres.port))
        api = await stack.enter_async_context(ApiWire(cluster, kubeconfig=folder / "wire.kubeconfig"))
        (folder / "opsbot.yaml").write_text(yaml.safe_dump(places.catalogue(made, repository, workspace)))
        nursery = await stack.enter_async_context(Nursery(folder, budgets=LARGER))
        bots = Bots([_bot(number, folder, made, slack, database, api) for number in range(PROCESSES)], nursery)
        stack.push_async_callback(bots.end)
        whims = random.Random(f"{seed}/gestures")  # noqa: S311  # to be repeated from its seed
        hands = await stack.enter_async_context(Hands(slack, bots, whims))
        yield World(folder, made, postgres, cluster, slack, Board(slack), bots, hands, database, api)


def _cluster(cluster: ControlPlane, services: tuple[places.Place, ...]) -> None:
    cluster.start()
    rights = [one for place in services for one in service_rights(place.service)]
    cluster.kubectl.apply(rights)


def _pods(cluster: ControlPlane, services: tuple[places.Place, ...]) -> None:
    """Created, not applied: an applied Deployment is somebody else's to apply again."""
    items = [places.deployment(place) for place in services]
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def _databases(postgres: PostgresServer, services: tuple[places.Place, ...]) -> None:
    """The bot's own, and one for each service in which an outsider counts."""
    postgres.create_database("opsbot")
    migrate(postgres.url("opsbot"))
    grant_login(postgres.url("opsbot"), postgres.url("opsbot", user="opsbot"))
    postgres.create_role(ROLE)
    postgres.create_database(TEMPLATE, owner=ROLE)
    with psycopg.connect(postgres.url(TEMPLATE)) as connection:
        connection.execute(OUTSIDER.encode())
    for place in services:
        postgres.create_database(place.service, TEMPLATE, owner=ROLE)


def _bot(
    number: int, folder: Path, services: tuple[places.Place, ...], slack: LocalSlack, database: Wire, api: ApiWire
) -> Bot:
    """The last one takes signed HTTP, the others hold sockets."""
    last = number == PROCESSES - 1
    port = free_port() if last else 0
    url = partial("postgresql://{1}@127.0.0.1:{0}/{2}".format, database.port)
    way = {"SLACK_SIGNING_SECRET": slack.signing_secret, "OPSBOT_SLACK_PORT": str(port)}
    environment = {
        **inherited(),
        "OPSBOT_DATABASE_URL": url("opsbot", "opsbot"),
        "OPSBOT_CATALOGUE": str(folder / "opsbot.yaml"),
        "OPSBOT_STATE_FOLDER": str(folder / f"var-{number}"),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "SANDBOX_KUBECONFIG": str(api.kubeconfig),
        **(way if last else {"SLACK_APP_TOKEN": slack.app_token}),
        **{place.variable: url(ROLE, place.service) for place in services},
    }
    return Bot(number, environment, folder / f"bot-{number}.log", port=port)


@asynccontextmanager
async def temporary_folder() -> AsyncIterator[Path]:
    """A folder that goes with the block."""
    with tempfile.TemporaryDirectory(prefix="opsbot-chaos-") as folder:
        yield Path(folder)
