"""Whatever is sent by signed HTTP, to the real application on a real database: an answer below 500, and no traceback.

`OPSBOT_FUZZ=5000 pytest tests/security/test_fuzz.py` plays so many payloads; without it, some of them.
"""

import json
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.clicks import NOT_UNDERSTOOD
from commands.views.notice import NOT_A_FORM
from runbooks.engine.asks import Declare
from runbooks.vocabulary import Severity
from sandbox.slack import LocalSlack
from sandbox.waiting import until
from tests.commands.audit_desk import with_packs
from tests.commands.form import Versions
from tests.deploy.test_health import free_port
from tests.deploy.test_slack_http import COMMAND, NOW, Sender, encoded, open_door
from tests.engine.world import World
from tests.security.hostile import TEXTS
from tests.security.payloads import ACTIONS, COMMANDS, FILLED, GOOD, WORDS, named, phrase, sent

pytestmark = pytest.mark.slack
MANY = int(os.environ.get("OPSBOT_FUZZ", "150"))
SILENT = ("form-", "cancel", "unheard-of")  # what these carry is not read


class Heard(logging.Handler):
    """What the log says that somebody would have to look at."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            self.troubles.append(logging.Formatter().format(record)[-1500:])


class Said:
    """The address to which the bot says something after its answer."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.url = f"http://127.0.0.1:{free_port()}/said"

    async def take(self, request: web.Request) -> web.Response:
        self.texts.append((await request.json())["text"])
        return web.Response()

    async def next(self) -> str:
        await until(lambda: self.texts, what="what the person is told")
        return self.texts.pop(0)


@contextmanager
def listened() -> Iterator[Heard]:
    heard = Heard()
    logging.getLogger().addHandler(heard)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(heard)
    assert heard.troubles == []


@pytest.fixture
async def said() -> AsyncIterator[Said]:
    said, application = Said(), web.Application()
    application.add_routes([web.post("/said", said.take)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(said.url.split(":")[2].split("/")[0])).start()
    yield said
    await runner.cleanup()


@pytest.fixture
async def sender(small_world: World, local_slack: LocalSlack, store_pool: Pool) -> AsyncIterator[Sender]:
    """Before a deploy that waits for a tick, an incident that asks for lessons, and something to go back to."""
    await small_world.adopted("v1")
    await small_world.deploys()
    await small_world.works()
    edge = replace(with_packs(small_world, store_pool), revisions=Versions())
    await small_world.hears(Declare("api", "", "It is slow.", Severity.S2))
    async with open_door(small_world, local_slack, edge) as sender:
        yield sender


fuzzed = settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))


@fuzzed
@given(payload=sent())
async def test_whatever_is_sent_is_answered(sender: Sender, said: Said, payload: dict[str, Any]) -> None:
    with listened():
        answer = await sender.sends({"response_url": said.url, **payload})
    assert answer.status_code in (200, 400, 404)
    assert "Traceback" not in answer.text


@fuzzed
@given(command=st.sampled_from(COMMANDS), text=phrase | st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join))
async def test_whoever_types_anything_is_told_something(sender: Sender, said: Said, command: str, text: str) -> None:
    said.texts.clear()
    told = text.encode(errors="replace").decode()  # half a character can't be sent in a form
    with listened():
        answer = await sender.sends({**COMMAND, "command": command, "text": told, "response_url": said.url})
        assert answer.status_code == 200
        assert answer.text or await said.next()


@pytest.mark.parametrize("value", ["7", "{}", '{"run": 7}', "[]", "", '{"run": "D-1\\u0000"}', "null"])
async def test_whoever_clicks_what_carries_nothing_is_told_so(sender: Sender, said: Said, value: str) -> None:
    for action in ACTIONS:
        if not action.startswith(SILENT):
            click = {"type": "block_actions", "actions": [{"action_id": action, "type": "button", "value": value}]}
            with listened():
                answer = await sender.sends({**named(click, trigger="1.2.a"), "response_url": said.url})
                assert (action, answer.status_code, await said.next()) == (action, 200, NOT_UNDERSTOOD)


@pytest.mark.parametrize("stream", ["run/D-1", "nowhere", "", "audit", "audit/api/x/y", "release/api/production"])
async def test_a_click_on_a_request_that_is_none_is_told_so(sender: Sender, said: Said, stream: str) -> None:
    value = json.dumps({"packs": stream, "request": "1"})
    click = {"type": "block_actions", "actions": [{"action_id": "approve-pack", "type": "button", "value": value}]}
    with listened():
        await sender.sends({**named(click, trigger="1.2.a"), "response_url": said.url})
        assert (await said.next()).startswith(("There is no such request", NOT_UNDERSTOOD))


@pytest.mark.parametrize("name", ["", "D", "D-1", "../x", "x" * 300, "I-1/x", "I-1.x", "audit/api"])
async def test_a_click_on_what_is_not_there_is_told_so(sender: Sender, said: Said, name: str) -> None:
    value = json.dumps({**GOOD, "run": f"{name}?", "finding": name, "incident": name, "service": name, "to": name})
    for action in ACTIONS:
        if not action.startswith((*SILENT, "approve-pack", "reject-pack")):
            click = {"type": "block_actions", "actions": [{"action_id": action, "type": "button", "value": value}]}
            with listened():
                await sender.sends({**named(click, trigger=f"1.{action}"), "response_url": said.url})
                assert (await said.next()).endswith((".", "”"))


def submitted(callback: str, kept: str, values: Any) -> dict[str, Any]:
    view = {"type": "modal", "callback_id": callback, "private_metadata": kept, "state": {"values": values}}
    return named({"type": "view_submission", "view": view}, trigger="1.2.f")


@pytest.mark.parametrize("form", ["deploy-form", "lessons-form", "found-form"])
async def test_a_form_of_an_older_kind_says_so(sender: Sender, form: str) -> None:
    for kept, values in (("{}", {}), ("[]", {}), ("x", {}), ("{}", {"text": {"text": {"value": 7}}})):
        with listened():
            answer = await sender.sends(submitted(form, kept, values))
        assert answer.json()["view"]["blocks"][0]["text"]["text"] == NOT_A_FORM


async def test_what_can_not_be_stored_is_left_out_of_what_people_write(sender: Sender, store: PostgresStore) -> None:
    filled = {name: {name: said} for name, said in {**FILLED, "text": {"value": "It\x00 is\nover\x1b."}}.items()}
    with listened():
        answer = await sender.sends(submitted("lessons-form", '{"incident": "I-2", "asks": true}', filled))
    assert (answer.status_code, answer.text) == (200, "")
    incident = (await store.read(["incident/I-2"])).streams["incident/I-2"].state
    assert incident.resolved.text == "It is\nover."


@pytest.mark.parametrize("name", ["trigger_id", "user_id", "team_id"])
async def test_an_id_that_is_none_is_not_understood(sender: Sender, name: str) -> None:
    for text in TEXTS:
        if text not in ("{}", "null", "%00", "1e999", "-1"):  # may be ids, for all that is known
            with listened():
                answer = await sender.sends({**COMMAND, name: text, "response_url": sender.url})
            assert answer.status_code == 400


HEADERS = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=80).map(lambda text: text.encode())


@fuzzed
@given(at=HEADERS | st.just(b"%d" % NOW), told=HEADERS, body=st.binary(max_size=80) | st.just(encoded(COMMAND)))
async def test_no_signature_is_guessed(sender: Sender, at: bytes, told: bytes, body: bytes) -> None:
    headers = {b"X-Slack-Request-Timestamp": at, b"X-Slack-Signature": told}
    with listened():
        answer = await sender.client.post(sender.url, content=body, headers=headers)
    assert answer.status_code in (400, 401)
