"""Where the rounds are played: a service of its own in the small world, with pods that are real processes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from sandbox.cluster.identities import ADMIN
from sandbox.service import manifests
from sandbox.service.database import ROLE
from sandbox.service.repository import git
from sandbox.waiting import until
from sandbox.world import World
from tests.acceptance.records import Json
from tests.acceptance.stage import CHANNEL, OUTSIDER, Stage
from tests.rollbacks.course import Edit, Kind

SERVICE, ENVIRONMENT, NAMESPACE = "there-and-back", "here", "rollbacks"
DEPLOYMENT, REPLICAS = manifests.NAME, 2
DATABASE = "ROLLBACKS_DATABASE_URL"
MIGRATIONS = "rollbacks/migrations"
_START = 120.0  # seconds
_UP = "create table m_{0} (id integer);\nselect pg_sleep(1);\ninsert into effects (what) values ('m_{0}');\n"
_ADA = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada Beispiel"), ("EMAIL", "ada@solvereign.example"))
}


@dataclass
class Place:
    """The service, and what an administrator and its developers do with it."""

    stage: Stage
    url: str  # where it answers
    database_url: str  # as its superuser
    source: Path  # a clone, from which releases are pushed
    released: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The world that it is in."""
        return self.stage.world

    def release(self, kind: Kind) -> str:
        """A new version that does so, with one migration more than all before it; its tag."""
        number = len(self.released) + 1
        tag = f"{kind.name.lower().replace('_', '-')}-{number}"
        git(self.source, "checkout", "--quiet", "-B", "rollbacks", f"origin/from-{kind.value}")
        folder = self.source / MIGRATIONS
        folder.mkdir(parents=True, exist_ok=True)
        for digits in (f"{each:03}" for each in range(1, number + 1)):
            (folder / f"{digits}_m_{digits}.sql").write_text(_UP.format(digits))
            (folder / f"{digits}_rollback.sql").write_text(f"drop table m_{digits};\n")
        (self.source / "backend_py" / "VERSION").write_text(f"{tag}\n")
        git(self.source, "add", "--all")
        git(self.source, "commit", "--quiet", "--message", f"Release {tag}", environment=_ADA)
        git(self.source, "tag", tag)
        git(self.source, "push", "--quiet", "origin", tag)
        self.released.append(tag)
        return tag

    async def kubectl(self, *arguments: str) -> str:
        """What an administrator does; beside the event loop, in which the node lives."""
        return await asyncio.to_thread(self.world.cluster.kubectl, "-n", NAMESPACE, *arguments)

    async def edit(self, edit: Edit, number: int) -> None:
        """Somebody changes the pod template by hand."""
        match edit:
            case Edit.ENVIRONMENT:
                await self.kubectl("set", "env", f"deployment/{DEPLOYMENT}", f"FOREIGN={number}")
            case Edit.RESOURCES:
                limit = f"--limits=memory={64 + number}Mi"
                await self.kubectl("set", "resources", f"deployment/{DEPLOYMENT}", limit)

    def edits_by_hand(self) -> list[float]:
        """When somebody else than the bot changed the pod template; seconds since 1970."""
        writes = self.world.cluster.audit.writes("deployments", namespace=NAMESPACE, user=ADMIN)
        return [write.at.timestamp() for write in writes if write.verb == "patch" and write.effective]

    async def deployment(self) -> Json:
        """The Deployment as it stands."""
        found: Json = json.loads(await self.kubectl("get", "deployment", DEPLOYMENT, "--output=json"))
        return found

    async def runs(self) -> dict[str, Json]:
        """All runs of the service in their order, as recorded: what began by itself has its deploy's number."""
        query = "select name, state::text from streams where name ~ '^run/' and state->>'service' = %(service)s"
        rows = await self.stage.records.rows(query, service=SERVICE)
        found = {str(name).partition("/")[2]: json.loads(state) for name, state in rows}
        return {run: found[run] for run in sorted(found, key=lambda run: (int(run.partition("-")[2]), run))}

    async def release_state(self) -> Json:
        """The recorded state of the release: last known good, lock, hold."""
        query = "select state::text from streams where name = %(name)s"
        [(state,)] = await self.stage.records.rows(query, name=f"release/{SERVICE}/{ENVIRONMENT}")
        found: Json = json.loads(state)
        return found


@asynccontextmanager
async def placed(stage: Stage) -> AsyncIterator[Place]:
    """The service, running and adopted, and a bot whose catalogue has it; afterwards the bot is as before."""
    world = stage.world
    url = f"http://127.0.0.1:{await world.node.expose(NAMESPACE, manifests.LABELS)}"
    place = Place(stage, url, _database(world), _clone(world))
    await asyncio.to_thread(_pods, world, place.release(Kind.GOOD))
    catalogue = world.folder / "rollbacks.yaml"
    catalogue.write_text(yaml.safe_dump(_catalogue(place), sort_keys=False))
    before = dict(world.more)
    world.more |= {DATABASE: world.postgres.url("rollbacks", user=ROLE), "OPSBOT_CATALOGUE": str(catalogue)}
    try:
        await _serve_anew(world)
        waiting = ("rollout", "status", f"deployment/{DEPLOYMENT}", "--timeout=50s")
        await place.kubectl(*waiting)
        await world.opsbot("adopt", SERVICE, ENVIRONMENT)
        yield place
    finally:
        world.more.clear()
        world.more |= before
        await _serve_anew(world)


async def _serve_anew(world: World) -> None:
    if world.bot is not None and world.bot.returncode is None:
        world.bot.terminate()
        await world.bot.wait()
    await until(lambda: world.slack.proxy.sockets.count == 0, seconds=30, what="the bot's socket to be gone")
    await world.serve()
    await world.slack.bot_connected(seconds=_START)


def _pods(world: World, version: str) -> None:
    """Created, not applied: an applied Deployment is somebody else's to apply again."""
    world.cluster.grant(NAMESPACE)
    made = manifests.deployment(NAMESPACE, version=version, replicas=REPLICAS)
    world.cluster.kubectl("create", "-f", "-", stdin=json.dumps(made))


def _database(world: World) -> str:
    """With an outsider's triggers, and the schema of the first release."""
    world.postgres.create_role(ROLE)
    world.postgres.create_database("rollbacks", owner=ROLE)
    address = world.postgres.url("rollbacks")
    with psycopg.connect(address) as connection:
        connection.execute(OUTSIDER.encode())
    with psycopg.connect(world.postgres.url("rollbacks", user=ROLE)) as connection:
        connection.execute(_UP.format("001").encode())
    return address


def _clone(world: World) -> Path:
    """Of the sample service's repository, whose working tree others use."""
    for kind in Kind:
        git(world.repository, "branch", "--force", f"from-{kind.value}", kind.value)
    folder = world.folder / "rollbacks-source"
    git(world.folder, "clone", "--quiet", str(world.repository), str(folder))
    return folder


def _catalogue(place: Place) -> dict[str, Any]:
    world = place.world
    found: dict[str, Any] = yaml.safe_load((world.folder / "opsbot.yaml").read_text())
    found["library"] = [*found.get("library", []), str(Path(__file__).parent / "library")]
    found["services"][SERVICE] = {
        "image": manifests.IMAGE,
        "tag": "version",
        "source": {"repository": str(world.repository)},
        "workloads": [{"deployment": DEPLOYMENT, "containers": ["api"]}],
        "migrations": {"folder": MIGRATIONS},
        "runbooks": {"deploy": "there", "rollback": "and-back"},
        "environments": {
            ENVIRONMENT: {
                "cluster": "sandbox",
                "namespace": NAMESPACE,
                "url": place.url,
                "database": DATABASE,
                "channels": {"deploys": world.slack.channels[CHANNEL]},
                "deployers": ["developers"],
                "rollers-back": ["sre"],
                "approval": {"group": "sre"},
                "health": {"passes": 2, "interval": "1s", "timeout": "20s"},
                "rollout": {"deadline": "40s", "grace": "2s", "soak": "1s", "poll": "1s"},
                "watch": {"for": "4s", "every": "1s", "grace": "2s"},
            }
        },
    }
    return found
