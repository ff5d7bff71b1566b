"""`/healthz`, `/readyz`, `/metrics`: alive whatever is missing; ready only with Slack, database and workers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.client import web_client
from bot.health import Health, answering
from bot.slack_app import slack_app
from bot.slack_sockets import Connection, listen
from bot.telemetry.watching import Pulse, Watching
from commands.edge import Edge
from runbooks.folds import folds
from sandbox.slack import LocalSlack
from sandbox.waiting import until
from tests.bad_input.desk import NothingKnown
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied

pytestmark = pytest.mark.slack
ALL, NO_SLACK, NO_DATABASE = (200, "ready"), (503, "Slack is not connected"), (503, "the database does not answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def listening(slack: LocalSlack, store: PostgresStore) -> AsyncIterator[Connection]:
    world = World(store)
    client = web_client(token=slack.bot_token, api_url=slack.api_url)
    app = slack_app(client, Edge(world.reception, store, world.catalogue, NothingKnown(), lambda: world.now))
    connection = Connection()
    task = asyncio.create_task(listen(app, slack.app_token, connection))
    try:
        yield connection
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_ready_only_with_slack_and_the_database(local_slack: LocalSlack, store_database: StoreDatabase) -> None:
    port = free_port()
    async with proxied(store_database.url) as line, Pool(line.url) as pool, httpx.AsyncClient() as probe:
        store = PostgresStore(pool, folds())
        now = 0.0
        watching = Watching(pulse=Pulse(lambda: now))

        def health(connection: Connection) -> AbstractAsyncContextManager[None]:
            return answering(port, Health(store, pool, connection, watching))

        async def measured(name: str) -> float | None:
            families = text_string_to_metric_families((await probe.get(f"http://127.0.0.1:{port}/metrics")).text)
            found = {f"{s.name}{''.join(s.labels.values())}": s.value for each in families for s in each.samples}
            return found.get(name)

        async def says(path: str) -> tuple[int, str]:
            answer = await probe.get(f"http://127.0.0.1:{port}{path}")
            return answer.status_code, answer.text

        async def becomes(wanted: tuple[int, str]) -> None:
            async def seen() -> bool:
                return await says("/readyz") == wanted

            await until(seen, what=f"/readyz says {wanted}")
            assert await says("/healthz") == (200, "alive")

        async with local_slack.outage(), health(Connection()):
            await becomes(NO_SLACK)
            assert (await measured("opsbot_readyslack"), await measured("opsbot_slack_socket_age_seconds")) == (0, 0)
        async with listening(local_slack, store) as connection, health(connection):
            await becomes(ALL)
            assert await measured("opsbot_readyslack") == 1
            age = await measured("opsbot_slack_socket_age_seconds")
            assert age is not None
            assert age > 0
            watching.pulse.beat("run 0")
            now = 31.0
            await becomes((503, "nothing moves in the workers run 0"))
            watching.pulse.beat("run 0")
            await becomes(ALL)
            line.refuse = True
            line.cut()
            await becomes(NO_DATABASE)
            assert await measured("opsbot_readydatabase") == 0
            async with local_slack.outage():
                await becomes((503, f"{NO_SLACK[1]}; {NO_DATABASE[1]}"))
                line.refuse = False
                await becomes(NO_SLACK)
            await becomes(ALL)
        with pytest.raises(httpx.ConnectError):
            await says("/healthz")
