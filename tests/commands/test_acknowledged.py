"""Acknowledged means durable: Slack hears of a request only after its commit, whichever way the person asked."""

import inspect
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.adapters.slack.client import web_client
from bot.slack_app import slack_app
from commands.edge import Edge
from commands.views.deploy_form import SUBMITTED
from runbooks.engine.asks import Ask, Reply
from runbooks.engine.handle import Reception
from runbooks.vocabulary import Actor
from tests.commands.form import of
from tests.commands.seat import edge_of
from tests.engine.world import RILEY, World

Body = dict[str, Any]


@dataclass
class Told:
    """The world's reception, which notes when it has recorded what it was asked."""

    reception: Reception
    order: list[str] = field(default_factory=list)

    async def handle(self, ask: Ask, *, by: Actor, key: str) -> Reply:
        reply = await self.reception.handle(ask, by=by, key=key)
        self.order.append("recorded")
        return reply

    async def groups(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        return await self.reception.groups(by, among)

    def reserved(self, runbook: str) -> frozenset[str]:
        return self.reception.reserved(runbook)


def _typed(command: str) -> Body:
    name, _, text = command.partition(" ")
    team, _, user = RILEY.partition("/")
    return {"command": name, "text": text, "team_id": team, "user_id": user, "trigger_id": "1.x", "channel_id": "C1"}


def _clicked(action: str, value: str) -> Body:
    team, _, user = RILEY.partition("/")
    button = {"type": "button", "action_id": action, "block_id": "b", "value": value}
    person = {"id": user, "team_id": team}
    return {"type": "block_actions", "user": person, "team": {"id": team}, "trigger_id": "1.x", "actions": [button]}


def _submitted(world: World) -> Body:
    body = of(world).body(known="v2")
    return {**body, "type": "view_submission", "view": {**body["view"], "type": "modal", "callback_id": SUBMITTED}}


ASKED = {
    "typed": lambda _: _typed("/deploy api v2"),
    "planned rollback": lambda _: _typed("/rollback api planned"),
    "declared": lambda _: _typed("/incident declare api It is slow"),
    "onboarded": lambda _: _typed("/onboard acme api"),
    "clicked": lambda _: _clicked("approve", '{"run": "D-1", "digest": "d"}'),
    "submitted": _submitted,
}


@pytest.mark.parametrize("way", ASKED)
async def test_slack_hears_of_it_after_the_commit(world: World, way: str) -> None:
    told = Told(world.reception)
    await _hears(replace(edge_of(world), reception=told), ASKED[way](world), told.order)
    assert told.order == ["recorded", "acknowledged"]


async def _hears(edge: Edge, body: Body, order: list[str]) -> None:
    """Hand the body to the listener that the application has for it."""
    app = slack_app(web_client(token="xoxb-made-up", api_url="http://slack.example/api/"), edge)
    request = AsyncBoltRequest(body=body, mode="socket_mode")

    async def ack(**_: Any) -> None:
        order.append("acknowledged")

    async def respond(**_: Any) -> None: ...

    given = {"ack": ack, "respond": respond, "body": body, "command": body}
    for listener in app._async_listeners:
        if await listener.async_matches(req=request, resp=BoltResponse(status=200)):
            wanted = inspect.signature(listener.ack_function).parameters
            await listener.ack_function(**{name: given[name] for name in wanted})
            return
    pytest.fail(f"nobody listens for {body}")
