"""Requests of Slack's by signed HTTP: only they count, each once, and nothing that is sent makes the bot stumble."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.client import web_client
from bot.slack_app import slack_app
from bot.slack_http import LONGEST, PATH, WINDOW, Door, signed
from commands.edge import Edge
from runbooks.runs.state import Run
from sandbox.slack import LocalSlack
from sandbox.waiting import until
from tests.commands.seat import edge_of
from tests.deploy.test_health import free_port
from tests.engine.world import World

NOW = 1_800_000_000
NOWHERE = "http://nowhere.invalid"  # becomes the door's own address, which says 404
PERSON = {"user": {"id": "URILEY"}, "team": {"id": "T1"}}
COMMAND = {
    "command": "/deploy",
    "text": "api v2",
    "team_id": "T1",
    "user_id": "URILEY",
    "trigger_id": "1.2.a",
    "channel_id": "C1",
    "response_url": NOWHERE + "/said",
}
VALUE = json.dumps({"run": "D-1", "digest": "none"})
PAYLOADS: list[dict[str, Any]] = [
    COMMAND,
    {**COMMAND, "command": "/incident", "text": "declare api it is slow"},
    {**COMMAND, "command": "/rollback", "text": "api"},
    {
        "type": "block_actions",
        "trigger_id": "1.2.b",
        **PERSON,
        "actions": [{"action_id": "approve", "type": "button", "value": VALUE}],
        "response_url": NOWHERE + "/said",
    },
    {
        "type": "view_submission",
        "trigger_id": "1.2.c",
        **PERSON,
        "view": {
            "type": "modal",
            "callback_id": "deploy",
            "private_metadata": "{}",
            "state": {"values": {}},
            "hash": "made up",
        },
    },
    {
        "type": "event_callback",
        "team_id": "T1",
        "event": {"type": "app_home_opened", "user": "URILEY", "tab": "home"},
    },
    {"type": "url_verification", "challenge": "made up"},
]


@dataclass
class Sender:
    """Somebody who knows the secret, or another."""

    client: httpx.AsyncClient
    url: str
    secret: str

    async def sends(self, payload: object, *, secret: str = "", at: int = NOW, **headers: str) -> httpx.Response:
        sent = payload if isinstance(payload, bytes) else json.loads(json.dumps(payload).replace(NOWHERE, self.url))
        body = encoded(sent)
        told = hmac.new((secret or self.secret).encode(), b"v0:%d:" % at + body, hashlib.sha256).hexdigest()
        proof = {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={told}", **headers}
        return await self.client.post(self.url, content=body, headers=proof)


def encoded(payload: object) -> bytes:
    """As Slack sends it: a command as a form, a gesture as JSON in a form, an event as JSON."""
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, dict) and "command" in payload:
        fields = {name: str(value) for name, value in payload.items()}
        return urlencode(fields, errors="surrogatepass").encode()
    if isinstance(payload, dict) and payload.get("type") in ("block_actions", "view_submission"):
        return urlencode({"payload": json.dumps(payload)}).encode()
    return json.dumps(payload).encode()


@asynccontextmanager
async def open_door(world: World, slack: LocalSlack, edge: Edge | None = None) -> AsyncIterator[Sender]:
    port = free_port()
    app = slack_app(web_client(token=slack.bot_token, api_url=slack.api_url), edge or edge_of(world))
    door = Door(app, slack.signing_secret, now=lambda: NOW)
    task = asyncio.create_task(door.listen(port))
    try:
        await until(door.up, what="the port")
        assert door.age() >= 0
        async with httpx.AsyncClient(timeout=20) as client:
            yield Sender(client, f"http://127.0.0.1:{port}{PATH}", slack.signing_secret)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not await door.up()


@pytest.fixture
async def sender(small_world: World, local_slack: LocalSlack) -> AsyncIterator[Sender]:
    async with open_door(small_world, local_slack) as sender:
        yield sender


async def runs(store: PostgresStore) -> list[Run]:
    return [run for _, run in await store.latest("run/", 9)]


@pytest.mark.slack
async def test_a_command_is_done_once_however_often_it_is_sent(sender: Sender, store: PostgresStore) -> None:
    first = await sender.sends(COMMAND)
    assert (first.status_code, first.text) == (200, "D-1 started: api v2 in production.")
    again = await sender.sends(COMMAND, at=NOW - 200)
    assert (again.status_code, again.text) == (200, first.text)
    assert [run.requester for run in await runs(store)] == ["T1/URILEY"]


@pytest.mark.slack
async def test_what_is_not_signed_now_does_nothing(sender: Sender, store: PostgresStore) -> None:
    for refused in (
        await sender.sends(COMMAND, secret="another"),
        await sender.sends(COMMAND, at=NOW - WINDOW - 1),
        await sender.sends(COMMAND, at=NOW + WINDOW + 1),
        await sender.client.post(sender.url, content=encoded(COMMAND)),
    ):
        assert refused.status_code == 401
    assert (await sender.sends(b"x" * (LONGEST + 1))).status_code == 413
    assert (await sender.client.get(sender.url)).status_code == 405
    assert await runs(store) == []


async def test_who_does_not_end_what_they_send_is_not_waited_for(small_world: World) -> None:
    """Strangers too: a signature is looked at when all is there."""
    app = slack_app(web_client(token="xoxb-made-up", api_url=NOWHERE), edge_of(small_world))
    async with TestServer(Door(app, "made-up", within=0.2).application()) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf".encode())
        async with asyncio.timeout(15):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()


@pytest.mark.slack
async def test_slack_is_told_its_challenge(sender: Sender) -> None:
    answer = await sender.sends(PAYLOADS[-1], **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "made up"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoilt(draw: st.DrawFn) -> object:
    """A payload of Slack's with some values in it replaced or left out."""
    payload = deepcopy(draw(st.sampled_from(PAYLOADS)))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = payload
        while isinstance(place, dict | list) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            if draw(st.booleans()):
                place[key] = draw(JSON)
            else:
                del place[key]
            break
    return payload


@pytest.mark.slack
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(payload=spoilt() | JSON | st.binary(max_size=60))
async def test_nothing_that_is_sent_makes_it_stumble(sender: Sender, payload: object) -> None:
    answer = await sender.sends(payload)
    assert answer.status_code in (200, 400, 404)
    assert "Traceback" not in answer.text


def test_without_a_secret_nothing_is_signed() -> None:
    told = hmac.new(b"", b"v0:%d:body" % NOW, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": str(NOW), "X-Slack-Signature": f"v0={told}"}
    assert not signed(b"", b"body", headers=headers, now=NOW)


@given(secret=st.binary(min_size=1), body=st.binary(), at=st.text() | st.integers().map(str), told=st.text())
def test_no_signature_is_guessed(secret: bytes, body: bytes, at: str, told: str) -> None:
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": told}
    assert not signed(secret, body, headers=headers, now=NOW)
