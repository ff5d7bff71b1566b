"""The Bolt application: what it is told at the start, and what it makes of that."""

import logging

import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.client import web_client
from bot.slack_app import slack_app
from commands.edge import Edge
from tests.bad_input.desk import NothingKnown
from tests.engine.world import World


async def test_it_starts_without_a_word_and_speaks_to_the_same_slack(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-made-up")
    client = web_client(token="xoxb-made-up", api_url="http://slack.example/api/")
    world = World(store)
    with caplog.at_level(logging.WARNING):
        app = slack_app(client, Edge(world.reception, store, world.catalogue, NothingKnown(), lambda: world.now))
    assert caplog.messages == []
    assert (app.client.token, app.client.base_url, app.client.timeout) == ("xoxb-made-up", client.base_url, 10)
