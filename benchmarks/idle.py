"""Statements a second that an idle process sends, counted in the server's own log."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import yaml
from psycopg import sql

from benchmarks.contest import Contestant
from benchmarks.table import Row
from sandbox.postgres import PostgresServer
from sandbox.tether import tethered
from sandbox.waiting import until

SETTLED, COUNTED = 15.0, 30.0  # seconds
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (?!BEGIN|COMMIT|ROLLBACK)", re.IGNORECASE)
_HEALTH = 13016
_START = 60.0  # seconds
_NOWHERE = "http://127.0.0.1:9/"  # idle, it calls nobody
CATALOGUE = {
    "library": ["shelf"],
    "groups": {"sre": {"members": ["UALEX", "URILEY"]}},
    "clusters": {"main": {"in-cluster": True}},
    "services": {
        "api": {
            "image": "registry.example/api",
            "source": {"repository": "file:///source"},
            "workloads": [{"deployment": "api", "containers": ["web"]}],
            "runbooks": {"deploy": "deploy", "rollback": "back"},
            "default-environment": "production",
            "environments": {
                "production": {
                    "cluster": "main",
                    "namespace": "prod",
                    "channels": {"deploys": "C1"},
                    "deployers": ["sre"],
                    "approval": {"group": "sre"},
                }
            },
        }
    },
}


async def measure(server: PostgresServer, opsbot: Contestant, peers: list[Contestant], folder: Path) -> list[Row]:
    """Opsbot as a whole, of the peers a worker; one after the other."""
    for contestant in (opsbot, *peers):
        _log(server, contestant, "all")
    _written(folder)
    async with _serving(opsbot.url, folder):
        ours = await _counted(server)
    rows = []
    for peer in peers:
        async with peer.works():
            theirs = await _counted(server)
        rows.append(
            Row("statements a second, idle", f"{ours:.1f}", f"{peer.name}: {theirs:.1f}", ratio=ours / theirs)
        )
    for contestant in (opsbot, *peers):
        _log(server, contestant, "none")
    return rows


def _written(folder: Path) -> None:
    (folder / "shelf").mkdir(parents=True)
    for name in ("deploy", "back"):
        (folder / "shelf" / f"{name}.md").write_text(f"# {name.title()}\n\n- [ ] Look\n")
    (folder / "opsbot.yaml").write_text(yaml.safe_dump(CATALOGUE))


def _log(server: PostgresServer, contestant: Contestant, which: str) -> None:
    name = sql.Identifier(contestant.url.rpartition("/")[2])
    server.execute(sql.SQL("alter database {} set log_statement = {}").format(name, sql.Literal(which)))


async def _counted(server: PostgresServer) -> float:
    await asyncio.sleep(SETTLED)
    log = server.folder / "postgres.log"
    before = log.stat().st_size
    await asyncio.sleep(COUNTED)
    with log.open("rb") as lines:
        lines.seek(before)
        text = lines.read().decode(errors="replace")
    return len(_STATEMENT.findall(text)) / COUNTED


async def _ready(process: asyncio.subprocess.Process) -> bool:
    if process.returncode is not None:
        raise RuntimeError(f"it ended with {process.returncode}")
    try:
        async with httpx.AsyncClient() as probe:
            return (await probe.get(f"http://127.0.0.1:{_HEALTH}/readyz")).is_success
    except httpx.TransportError:
        return False


@asynccontextmanager
async def _serving(url: str, folder: Path) -> AsyncIterator[None]:
    """A real `opsbot serve`, that would take requests by HTTP."""
    environment = {
        "PATH": os.environ["PATH"],
        "OPSBOT_DATABASE_URL": url,
        "OPSBOT_CATALOGUE": str(folder / "opsbot.yaml"),
        "OPSBOT_STATE_FOLDER": str(folder / "var"),
        "OPSBOT_HEALTH_PORT": str(_HEALTH),
        "OPSBOT_SLACK_PORT": str(_HEALTH + 1),
        "SLACK_BOT_TOKEN": "xoxb-made-up",
        "SLACK_SIGNING_SECRET": "made-up",
        "SLACK_API_URL": _NOWHERE,
        "KUBERNETES_SERVICE_HOST": "",
    }
    process = await asyncio.create_subprocess_exec(*tethered([sys.executable, "-m", "bot", "serve"]), env=environment)
    try:
        await until(lambda: _ready(process), seconds=_START, what="that it is ready")
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
