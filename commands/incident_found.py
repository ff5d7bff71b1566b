"""What an incident's investigation came to: `/incident found`, the button, and the form that asks for it."""

from slack_bolt.async_app import AsyncApp

from commands.deploy_form import Views
from commands.edge import Edge, Payload, actor_of, key_of
from commands.incident_forms import Kind, listen, not_to_be, read, show
from commands.views.incident_follow_up import FOUND, SUBMITTED, found_form, found_in
from runbooks.engine import asks
from runbooks.incidents.handling import to_find_out
from runbooks.vocabulary import Refused

SAY_IT = "Say in a sentence or two what was found; “nothing” is an answer too. Nothing was changed."


def register(app: AsyncApp, edge: Edge, views: Views) -> None:
    """Listen for the button and the form; `/incident found` comes by `/incident`."""
    listen(app, edge, views, Kind("say-found", SUBMITTED, close, submit))


async def close(edge: Edge, views: Views, gesture: Payload, name: str, text: str = "") -> str:
    """Record what was found, or open the form where that is not said; what the person is told, "" for the form."""
    if text:
        _, said = await edge.submit(asks.Found(name, text), by=actor_of(gesture), key=key_of(gesture, "found"))
        return said
    incident = await read(edge, name)
    try:
        to_find_out(incident)
    except Refused as refused:
        return not_to_be("close", refused)
    return await show(views, gesture, found_form(incident), name)


async def submit(edge: Edge, body: Payload) -> Payload:
    """What the acknowledgement carries: nothing where it was recorded, else what keeps the form open."""
    name, text = found_in(body.get("view"))
    if not text:
        return {"response_action": "errors", "errors": {FOUND: SAY_IT}}
    accepted, said = await edge.submit(asks.Found(name, text), by=actor_of(body), key=key_of(body, "form"))
    return {} if accepted else {"response_action": "errors", "errors": {FOUND: said}}
