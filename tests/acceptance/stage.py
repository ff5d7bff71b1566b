"""What the acceptance tests put into the small world: services whose every effect an outsider counts.

Each kind of service has one step that takes about two seconds and can be cut off in the middle.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from sandbox.cluster.identities import OPSBOT_USER
from sandbox.postgres import PostgresServer
from sandbox.service import manifests
from sandbox.service.database import ROLE
from sandbox.service.repository import git
from sandbox.world import World, catalogue, small_world
from tests.acceptance.records import Records

COMMAND, JOB, MIGRATION, ROLLOUT, APPROVAL = KINDS = ("command", "job", "migration", "rollout", "approval")
CHANNEL = "ops"  # the tour has #deploys for itself
NAMESPACE = "acceptance"
DATABASE = "ACCEPTANCE_DATABASE_URL"
MIGRATIONS = "acceptance/migrations"
LIBRARY = Path(__file__).parent / "library"
OUTSIDER = (Path(__file__).parent / "outsider.sql").read_text()
RUNBOOKS = {MIGRATION: "move-the-schema", ROLLOUT: "roll-out"}

MARK = """import os, sys, threading
marks, name = sys.argv[1:3]
if len(sys.argv) > 3 and os.fork() == 0:  # one that leaves: a session of its own, deaf to SIGTERM
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setsid()
    threading.Event().wait()
threading.Event().wait(1)
with open(marks, "a") as file:
    file.write(name + chr(10))
threading.Event().wait(1)
"""
PLAIN = """create table {name} (id integer);
select pg_sleep(1.2);
insert into effects (what) values ('{name}');
select pg_sleep(0.8);
"""
PIECEMEAL = """-- outside-transactions
select pg_sleep(1);
create index concurrently {name} on effects (what);
select pg_sleep(1);
"""
_WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada Beispiel"), ("EMAIL", "ada@solvereign.example"))
}


@dataclass
class Stage:
    """The services, their releases, and what outsiders count of them."""

    world: World
    records: Records
    database_url: str  # as its superuser
    released: Counter[str] = field(default_factory=Counter)  # by kind

    @property
    def marks_file(self) -> Path:
        """Where commands leave their marks."""
        return self.world.folder / "marks"

    def release(self, kind: str, *, piecemeal: bool = False) -> str:
        """A new version of this kind of service; its tag."""
        self.released[kind] += 1
        number = 100 + self.released[kind]  # without gaps, as migrations have it
        version = f"{kind}-{number}"
        repository = self.world.repository
        if kind == MIGRATION:
            name = f"m_{number}"
            git(repository, "checkout", "--quiet", "-B", "acceptance")
            folder = repository / MIGRATIONS
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}_{name}.sql").write_text((PIECEMEAL if piecemeal else PLAIN).format(name=name))
            (folder / f"{number}_rollback.sql").write_text(f"drop {'index' if piecemeal else 'table'} {name};\n")
            git(repository, "add", "--all")
            git(repository, "commit", "--quiet", "--message", f"Add {name}", environment=_WHO)
            git(repository, "tag", version)
        else:
            git(repository, "tag", version, "v41")
        return version

    def effects(self, kind: str, version: str) -> dict[str, int]:
        """How often each effect of this version was seen from outside."""
        name = f"m_{version.rpartition('-')[2]}"
        match kind:
            case "migration":
                return self._of_the_schema(name)
            case "rollout":
                return {"patches of the image": self._patches(version), "ReplicaSets": self._replica_sets(version)}
            case _:
                return {"marks": self._marks()[version]}

    def _marks(self) -> Counter[str]:
        return Counter(self.marks_file.read_text().split()) if self.marks_file.exists() else Counter()

    def _of_the_schema(self, name: str) -> dict[str, int]:
        with psycopg.connect(self.database_url) as connection:
            found = connection.execute("select what, times from outsider.seen where name = %s", (name,)).fetchall()
        return {str(what): int(times) for what, times in found}

    def _patches(self, version: str) -> int:
        writes = self.world.cluster.audit.writes("deployments", namespace=NAMESPACE, user=OPSBOT_USER)
        return sum(write.effective and _sets_image(write.body, version) for write in writes)

    def _replica_sets(self, version: str) -> int:
        found = self.world.cluster.kubectl.json("get", "replicasets", "-n", NAMESPACE)["items"]
        images = [one["spec"]["template"]["spec"]["containers"][0]["image"] for one in found]
        return sum(image.endswith(f":{version}") for image in images)


def _sets_image(patch: Any, version: str) -> bool:
    return isinstance(patch, list) and any(
        one["path"].endswith("/image") and str(one.get("value", "")).endswith(f":{version}") for one in patch
    )


def expected(kind: str, *, piecemeal: bool = False) -> dict[str, int]:
    """Every effect once."""
    match kind:
        case "migration" if piecemeal:
            return {"CREATE INDEX": 1, "applied": 1}
        case "migration":
            return {"CREATE TABLE": 1, "row": 1, "applied": 1}
        case "rollout":
            return {"patches of the image": 1, "ReplicaSets": 1}
        case _:
            return {"marks": 1}


@asynccontextmanager
async def staged(folder: Path, *, lease: float) -> AsyncIterator[Stage]:
    """A small world with these services, and the bot serving under leases of so many seconds."""
    async with small_world(folder, serve=False) as world, Records(world.owner_url) as records:
        world.more["OPSBOT_LEASE_SECONDS"] = str(lease)
        stage = set_up(world, records)
        await world.serve()
        await world.slack.bot_connected(seconds=30)
        yield stage


def set_up(world: World, records: Records) -> Stage:
    """Add the services to a world whose bot does not serve yet."""
    address = _database(world.postgres)
    world.more[DATABASE] = world.postgres.url("acceptance", user=ROLE)
    world.cluster.kubectl.apply(
        [
            manifests.namespace(NAMESPACE),
            manifests.deployment(NAMESPACE, version="v41", replicas=1),
        ]
    )
    world.cluster.grant(NAMESPACE)
    stage = Stage(world, records, address)
    found = catalogue(world, {})
    found["library"] = [str(LIBRARY)]
    found["services"] |= {service_name(kind): _service(stage, kind) for kind in KINDS}
    (world.folder / "mark.py").write_text(MARK)
    (world.folder / "opsbot.yaml").write_text(yaml.safe_dump(found, sort_keys=False))
    return stage


def service_name(kind: str) -> str:
    """What the service of a kind is called."""
    return f"cut-{kind}"


def _database(postgres: PostgresServer) -> str:
    postgres.create_role(ROLE)
    postgres.create_database("acceptance", owner=ROLE)
    address = postgres.url("acceptance")
    with psycopg.connect(address) as connection:
        connection.execute(OUTSIDER.encode())
    return address


def _service(stage: Stage, kind: str) -> dict[str, Any]:
    world, name = stage.world, service_name(kind)
    mark = [sys.executable, "-S", str(world.folder / "mark.py"), str(stage.marks_file), "${version}"]
    mark += ["leave"] if kind == COMMAND else []
    place = {
        "cluster": "sandbox",
        "namespace": NAMESPACE,
        "channels": {"deploys": world.slack.channels[CHANNEL]},
        "deployers": ["developers"],
        "rollers-back": ["sre"],
        "approval": {"group": "sre"},
        "rollout": {"deadline": "1m", "grace": "3s", "soak": "1s", "poll": "1s"},
    }
    service = {
        "image": manifests.IMAGE,
        "source": {"repository": str(world.repository)},
        "workloads": [{"deployment": manifests.NAME if kind == ROLLOUT else name, "containers": ["api"]}],
        "commands": {"mark": {"run": mark, "runner": "job" if kind == JOB else "local", "timeout": "1m"}},
        "runbooks": {"deploy": RUNBOOKS.get(kind, "leave-a-mark"), "rollback": "take-back"},
        "default-environment": "here",
        "environments": {"here": place},
    }
    if kind == MIGRATION:
        service["migrations"] = {"folder": MIGRATIONS}
        place["database"] = DATABASE
    return service
