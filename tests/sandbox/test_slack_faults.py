"""What goes wrong between a bot and Slack, and that it goes wrong as it was asked to."""

import asyncio
import gc
import socket

import pytest
from aiohttp import ClientConnectionError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Fault, Kind, LocalSlack
from tests.sandbox.bot import Bot

pytestmark = pytest.mark.slack

POST = "chat.postMessage"


@pytest.fixture
async def client(local_slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(local_slack.bot_token, base_url=local_slack.api_url, timeout=1, retry_handlers=[])


def heard(bot: Bot) -> list[str]:
    return [body["text"] for body in bot.heard]


async def cut_off(client: socket.socket) -> bool:
    try:
        return await asyncio.get_running_loop().sock_recv(client, 1) == b""
    except ConnectionResetError:
        return True


async def texts(slack: LocalSlack) -> list[str]:
    return [message.text for message in await slack.person("riley").messages("ops")]


async def test_a_refused_call_is_not_done(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    local_slack.proxy.inject(Fault(POST, Kind.RATE_LIMITED, seconds=7))
    local_slack.proxy.inject(Fault(POST, Kind.ERROR, error="not_in_channel"))
    with pytest.raises(SlackApiError) as limited:
        await client.chat_postMessage(channel="#ops", text="one")
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (429, "7")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.chat_postMessage(channel="#ops", text="two")
    assert await texts(local_slack) == []
    await client.chat_postMessage(channel="#ops", text="three")
    assert await texts(local_slack) == ["three"]
    assert [call.status for call in local_slack.journal.calls(POST)] == [429, 200, 200]


async def test_a_server_error_is_not_done(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    local_slack.proxy.inject(Fault(POST, Kind.SERVER_ERROR))
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="#ops", text="one")
    assert await texts(local_slack) == []


@pytest.mark.parametrize(
    ("kind", "done"), [(Kind.DROP_REQUEST, []), (Kind.LOST_ANSWER, ["one"]), (Kind.TIMEOUT_AFTER_EFFECT, ["one"])]
)
async def test_a_call_without_an_answer(
    local_slack: LocalSlack, client: AsyncWebClient, kind: Kind, done: list[str]
) -> None:
    local_slack.proxy.inject(Fault(POST, kind, seconds=10))
    with pytest.raises((ClientConnectionError, TimeoutError)):
        await client.chat_postMessage(channel="#ops", text="one")
    assert await texts(local_slack) == done
    assert [call.status for call in local_slack.journal.calls(POST)] == [0]


async def test_a_swallowed_call_looks_done(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    local_slack.proxy.inject(Fault(POST, Kind.SWALLOW, match=lambda args: args["text"] == "two"))
    for text in ("one", "two"):
        assert (await client.chat_postMessage(channel="#ops", text=text))["ts"]
    assert await texts(local_slack) == ["one"]


async def test_a_call_done_twice_and_one_done_late(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    local_slack.proxy.inject(Fault(POST, Kind.DUPLICATE))
    local_slack.proxy.inject(Fault(POST, Kind.DELAY, seconds=0.2, match=lambda args: args["text"] == "late"))
    await client.chat_postMessage(channel="#ops", text="twice")
    await asyncio.gather(*(client.chat_postMessage(channel="#ops", text=text) for text in ("late", "next")))
    assert await texts(local_slack) == ["twice", "twice", "next", "late"]


async def test_an_envelope_comes_twice_or_never(local_slack: LocalSlack, bot: Bot) -> None:
    local_slack.proxy.inject(Fault("slash_commands", Kind.DUPLICATE))
    await local_slack.person("riley").command("#ops", "/deploy a")
    await local_slack.journal.until(lambda: heard(bot) == ["a", "a"])
    first, second = local_slack.journal.envelopes
    assert first.id != second.id
    assert first.payload == second.payload

    local_slack.proxy.inject(Fault("slash_commands", Kind.DROP_REQUEST))
    asking = asyncio.create_task(local_slack.person("riley").command("#ops", "/deploy b"))
    await local_slack.journal.until(lambda: local_slack.journal.envelopes[-1].lost)
    asking.cancel()
    assert heard(bot) == ["a", "a"]


@pytest.mark.parametrize("abruptly", [False, True])
async def test_a_cut_socket_is_made_anew(local_slack: LocalSlack, bot: Bot, abruptly: bool) -> None:
    opened = len(local_slack.journal.calls("apps.connections.open"))
    await local_slack.proxy.sockets.close(abruptly=abruptly)
    await local_slack.journal.until(lambda: len(local_slack.journal.calls("apps.connections.open")) > opened)
    await local_slack.bot_connected()
    await local_slack.person("riley").command("#ops", "/deploy a")
    assert heard(bot) == ["a"]


async def test_a_deaf_socket_is_noticed_only_without_pongs(local_slack: LocalSlack, bot: Bot) -> None:
    local_slack.proxy.sockets.deafen(answers_pings=True)
    asking = asyncio.create_task(local_slack.person("riley").command("#ops", "/deploy a"))
    await local_slack.journal.until(lambda: bool(local_slack.journal.envelopes))
    assert local_slack.journal.envelopes[0].lost
    asking.cancel()
    opened = len(local_slack.journal.calls("apps.connections.open"))

    local_slack.proxy.sockets.deafen(answers_pings=False)

    await local_slack.journal.until(lambda: len(local_slack.journal.calls("apps.connections.open")) > opened)
    assert heard(bot) == []


async def test_an_announced_refresh_makes_a_new_connection(local_slack: LocalSlack, bot: Bot) -> None:
    opened = len(local_slack.journal.calls("apps.connections.open"))
    await local_slack.proxy.sockets.announce_refresh()
    await local_slack.journal.until(lambda: len(local_slack.journal.calls("apps.connections.open")) > opened)


@pytest.mark.parametrize("turns", range(5))
async def test_a_connection_that_comes_as_it_stops_is_closed(local_slack: LocalSlack, turns: int) -> None:
    """An open socket that is left behind fails a test, since warnings are errors."""

    async def turn() -> None:
        """One turn of the event loop."""

    with socket.create_connection(("127.0.0.1", local_slack.proxy.port)) as client:
        for _ in range(turns):
            await asyncio.create_task(turn())
        async with local_slack.outage():
            client.setblocking(False)
            async with asyncio.timeout(5):
                assert await cut_off(client)
    gc.collect()


async def test_after_an_outage_all_is_where_it_was(local_slack: LocalSlack, client: AsyncWebClient, bot: Bot) -> None:
    await client.chat_postMessage(channel="#ops", text="before")
    async with local_slack.outage():
        with pytest.raises(ClientConnectionError):
            await client.chat_postMessage(channel="#ops", text="meanwhile")
    await local_slack.bot_connected()
    await local_slack.person("riley").command("#ops", "/deploy a")
    assert heard(bot) == ["a"]
    assert await texts(local_slack) == ["before", "Deploy"]
