"""The socket to Slack: one that has fallen silent is noticed and made anew, one that is to end is replaced before."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.slack_sockets import Connection
from sandbox.slack import LocalSlack
from sandbox.waiting import until
from tests.deploy.test_health import listening

pytestmark = pytest.mark.slack
OPEN = "apps.connections.open"


@pytest.fixture
async def connection(local_slack: LocalSlack, store: PostgresStore) -> AsyncIterator[Connection]:
    async with listening(local_slack, store) as connection:
        await until(connection.up, what="the socket")
        yield connection


async def answers(slack: LocalSlack) -> None:
    riley = slack.person("riley")
    await riley.command("deploys", "/deploy status")
    await riley.sees("deploys", "Nothing is under way.")


async def test_one_that_fell_silent_is_made_anew(local_slack: LocalSlack, connection: Connection) -> None:
    opened = len(local_slack.journal.calls(OPEN))
    local_slack.proxy.sockets.deafen(answers_pings=False)

    async def down() -> bool:
        return not await connection.up()

    async with asyncio.timeout(30):
        await until(down, seconds=30, what="that it is noticed")
        await until(connection.up, seconds=30, what="another socket")
    assert len(local_slack.journal.calls(OPEN)) > opened
    await answers(local_slack)


async def test_a_refresh_leaves_no_gap(local_slack: LocalSlack, connection: Connection) -> None:
    """The one before stays until another stands, and until what came by it is answered."""
    journal, sockets = local_slack.journal, local_slack.proxy.sockets
    with connection.in_hand.one():
        await sockets.announce_refresh()
        await journal.until(lambda: sockets.count == 2)
        assert await connection.up()
    await journal.until(lambda: sockets.count == 1)
    assert await connection.up()
    await answers(local_slack)
