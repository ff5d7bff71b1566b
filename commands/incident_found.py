"""What an incident's investigation came to: `/incident found`, the button, and the form that asks for it."""

import json
import logging
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.clicks import NOT_UNDERSTOOD
from commands.deploy_form import ViewGone, Views
from commands.edge import Edge, Payload, actor_of, key_of
from commands.replies import NOT_READ, sentence
from commands.views.incident_follow_up import FOUND, SUBMITTED, found_form, found_in
from runbooks.engine import asks
from runbooks.incidents.handling import to_find_out
from runbooks.incidents.incident import Incident
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Refused, Unreachable

NOT_OPENED = "The form did not open: Slack did not answer in time. Nothing was changed; try again."
SAY_IT = "Say in a sentence or two what was found; “nothing” is an answer too. Nothing was changed."
log = logging.getLogger(__name__)


def register(app: AsyncApp, edge: Edge, views: Views) -> None:
    """Listen for the button and the form; `/incident found` comes by `/incident`."""

    @app.action("say-found")
    async def clicked(ack: Any, body: Payload, respond: Any) -> None:
        text = await press(edge, views, body)
        await ack()
        if text:
            await respond(text=text, replace_original=False, response_type="ephemeral")

    @app.view(SUBMITTED)
    async def submitted(ack: Any, body: Payload) -> None:
        await ack(**await submit(edge, body))


async def close(edge: Edge, views: Views, gesture: Payload, name: str, text: str = "") -> str:
    """Record what was found, or open the form where that is not said; what the person is told, "" for the form."""
    if text:
        _, said = await edge.submit(asks.Found(name, text), by=actor_of(gesture), key=key_of(gesture, "found"))
        return said
    stream = f"incident/{name}"
    incident: Incident = (await edge.store.read([stream])).streams[stream].state
    try:
        to_find_out(incident)
    except Refused as refused:
        return sentence(asks.Reply(refused=refused.reason, facts={"doing": "close", **refused.facts}))
    try:
        await views.open(str(gesture["trigger_id"]), found_form(incident))
    except (ViewGone, Unreachable) as cause:
        log.warning("the form of %s could not be opened: %s", name, cause)
        return NOT_OPENED
    return ""


async def press(edge: Edge, views: Views, body: Payload) -> str:
    """The button: opens the form; what the person is told where it does not."""
    try:
        name = str(json.loads(body["actions"][0]["value"])["incident"])
        return await close(edge, views, body, name)
    except (KeyError, ValueError, TypeError):
        return NOT_UNDERSTOOD
    except StoreUnavailable:
        return NOT_READ


async def submit(edge: Edge, body: Payload) -> Payload:
    """What the acknowledgement carries: nothing where it was recorded, else what keeps the form open."""
    name, text = found_in(body["view"])
    if not text:
        return {"response_action": "errors", "errors": {FOUND: SAY_IT}}
    accepted, said = await edge.submit(asks.Found(name, text), by=actor_of(body), key=key_of(body, "form"))
    return {} if accepted else {"response_action": "errors", "errors": {FOUND: said}}
