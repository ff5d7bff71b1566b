"""A post whose answer was lost is found by its key in the metadata, in a Slack that keeps it, without block ids."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.adapters.postgres.pool import Pool
from sandbox.slack import Fault, Kind, SlackUnavailable
from sandbox.slack.arguments import arguments
from sandbox.slack.emulated import EmulatedSlack
from sandbox.slack.faults import Faults
from sandbox.slack.trouble import meet
from tests.deliveries.desk import Desk, desk_of
from tests.engine.world import World

pytestmark = pytest.mark.slack


@dataclass
class Wire:
    """Stands before the Slack: passes calls on, without the ids of posted blocks, and loses what it is told to."""

    slack: EmulatedSlack
    session: aiohttp.ClientSession
    faults: Faults
    api_url: str = ""

    @property
    def bot_token(self) -> str:
        return self.slack.bot_token

    @property
    def channels(self) -> dict[str, str]:
        return self.slack.channels

    async def asks(self, method: str, **args: Any) -> Any:
        token = {"authorization": f"Bearer {self.bot_token}"}
        async with self.session.post(f"{self.slack.api_url}{method}", json=args, headers=token) as answer:
            return await answer.json()

    async def passes_on(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args, _ = await arguments(request)
        told = dict(args)
        if method == "chat.postMessage":
            told["blocks"] = [{**block, "block_id": ""} for block in _listed(args["blocks"])]

        async def effect() -> web.Response:
            return web.json_response(await self.asks(method, **told))

        fault = self.faults.take(method, args)
        return await (meet(fault, request, args, effect) if fault else effect()) or web.Response()


def _listed(blocks: Any) -> Any:
    return json.loads(blocks) if isinstance(blocks, str) else blocks


@pytest.fixture
def emulated() -> Iterator[EmulatedSlack]:
    try:
        with EmulatedSlack() as slack:
            yield slack
    except SlackUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
async def wire(emulated: EmulatedSlack) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession() as session:
        wire = Wire(emulated, session, Faults())
        application = web.Application()
        application.router.add_route("*", "/api/{method}", wire.passes_on)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        wire.api_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        listed = (await wire.asks("conversations.list"))["channels"]
        emulated.channels = {each["name"]: each["id"] for each in listed}
        yield wire
        await runner.cleanup()


@pytest.fixture
def desk(small_world: World, store_pool: Pool, wire: Wire) -> Desk:
    return desk_of(small_world, wire, store_pool)


@pytest.mark.parametrize("kind", [Kind.LOST_ANSWER, Kind.TIMEOUT_AFTER_EFFECT, Kind.DROP_REQUEST])
async def test_card_and_thread_are_looked_for_by_their_keys(desk: Desk, wire: Wire, kind: Kind) -> None:
    wire.faults.add(Fault("chat.postMessage", kind, times=2, seconds=3))  # the card, then the first of its thread
    run_id = await desk.world.deploys()
    await desk.world.works()
    for _ in range(5):
        await desk.deliver()
        desk.world.later(seconds=4)
    [card] = await _standing(wire)
    assert card["metadata"]["event_payload"]["key"] == f"run/{run_id}/card"
    told = await wire.asks("conversations.replies", channel=wire.channels["deploys"], ts=card["ts"])
    keys = [each["metadata"]["event_payload"]["key"] for each in told["messages"]]
    assert sorted(set(keys)) == sorted(keys)
    sent = await desk.deliveries.sent.of(f"run/{run_id}")
    assert {key: sent[key].ts for key in keys} == dict(zip(keys, [m["ts"] for m in told["messages"]], strict=True))
    assert len(keys) == 2


async def _standing(wire: Wire) -> list[dict[str, Any]]:
    """The channel's own messages, newest first."""
    history = await wire.asks("conversations.history", channel=wire.channels["deploys"])
    found: list[dict[str, Any]] = history["messages"]
    return found
