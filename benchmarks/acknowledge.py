"""How long a `/deploy` takes to be recorded, against the floor: one INSERT committed on the same connection pool.

Slack gets its acknowledgement after that commit, so this is what a person waits for, besides the network.
Run it as `python -m benchmarks.acknowledge` on a machine that does nothing else: it measures the disk's fsync too.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bot import library
from bot.adapters.postgres.migrate import grant_login, migrate
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.kinds import known
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.handle import Reception
from runbooks.folds import folds
from runbooks.vocabulary import Actor
from sandbox.postgres import PostgresServer

TIMES, WARM = 300, 30
RILEY = Actor("T1/URILEY")


class Everybody:
    """Riley is in every group; the membership's own cost is a cache's, and left out."""

    async def of(self, group: str) -> frozenset[Actor]:
        """Riley, whatever the group."""
        return frozenset({RILEY}) if group else frozenset()

    async def groups_of(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """All of them, whoever asks."""
        return among if by else frozenset()


def catalogue() -> Catalogue:
    """As many services as deploys are timed, so that none is refused."""
    place = {
        "cluster": "main",
        "namespace": "prod",
        "channels": {"deploys": "C1"},
        "deployers": ["sre"],
        "approval": {"group": "sre"},
    }
    service = {
        "image": "registry.example/api",
        "source": {"repository": "file:///source"},
        "default-environment": "production",
    }
    services = {
        f"api-{n}": {
            **service,
            "workloads": [{"deployment": f"api-{n}", "containers": ["web"]}],
            "environments": {"production": place},
        }
        for n in range(TIMES + WARM)
    }
    groups = {"sre": {"members": ["URILEY"]}}
    clusters = {"main": {"in-cluster": True}}
    return Catalogue.model_validate({"groups": groups, "clusters": clusters, "services": services})


Act = Callable[[int], Awaitable[object]]


async def _timed(acts: Sequence[Act]) -> list[list[float]]:
    """Milliseconds of each, shortest first. They take turns: what else the machine does is shared by all."""
    found: list[list[float]] = [[] for _ in acts]
    for number in range(TIMES + WARM):
        for act, times in zip(acts, found, strict=True):
            began = time.perf_counter()
            await act(number)
            times.append((time.perf_counter() - began) * 1000)
    return [sorted(times[WARM:]) for times in found]


async def _measure(url: str) -> list[list[float]]:
    async with Pool(url) as pool:
        books = library.read([library.shipped()], known=known())
        store = PostgresStore(pool, folds())
        reception = Reception(store, catalogue(), Everybody(), lambda: datetime.now(UTC), books)

        async def deploy(number: int) -> None:
            reply = await reception.handle(asks.Deploy(f"api-{number}", "v42"), by=RILEY, key=f"bench/{number}")
            if reply.did != "started":
                raise RuntimeError(f"not started: {reply}")

        async def floor(number: int) -> None:
            async with pool.session() as connection:
                await connection.execute(
                    b"insert into inbox (key, reply, at) values (%s, '{}', now())", (f"floor/{number}",)
                )

        return await _timed([floor, deploy])


def main() -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="opsbot-bench-"))
    try:
        with PostgresServer(folder, durable=True) as server:
            server.create_database("opsbot")
            migrate(server.url("opsbot"))
            url = server.url("opsbot", user="opsbot")
            grant_login(server.url("opsbot"), url)
            with psycopg.connect(server.url("opsbot")) as connection:
                version = connection.execute("show server_version").fetchone()
            floor, deploy = asyncio.run(_measure(url))
    finally:
        shutil.rmtree(folder)
    for name, found in (("one INSERT", floor), ("/deploy recorded", deploy)):
        print(f"{name:18} p50 {statistics.median(found):6.2f} ms   p99 {found[int(len(found) * 0.99)]:6.2f} ms")
    ratio = statistics.median(deploy) / statistics.median(floor)
    print(f"ratio of medians   {ratio:6.2f}   ({TIMES} each, PostgreSQL {version[0] if version else '?'}, fsync on)")


if __name__ == "__main__":
    main()
