"""Every button: what it carries becomes what is asked for; a refusal is told to the person alone."""

import re
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, Respond, Said, actor_of, key_of
from commands.rollback import asking, offer
from commands.views.sent import NotUnderstood, value_of
from runbooks.engine import asks
from runbooks.vocabulary import Actor

Value = dict[str, str]

NOT_UNDERSTOOD = "This button is of an older kind and is not understood. Nothing was done; type the command instead."

_ASKS: dict[str, Callable[[Value], asks.Ask]] = {
    "approve": lambda v: asks.Approve(v["run"], v["digest"]),
    "reject": lambda v: asks.Reject(v["run"], v["digest"]),
    "abort": lambda v: asks.Abort(v["run"]),
    "answer": lambda v: asks.Answer(v["run"], v["step"], v["choice"], int(v["epoch"]) if "epoch" in v else None),
    "acknowledge": lambda v: asks.Acknowledge(v["finding"]),
    "open-incident": lambda v: asks.OpenIncident(v["finding"]),
    "lead": lambda v: asks.Lead(v["incident"], Actor(v["from"]) if v["from"] else None),
    "investigate": lambda v: asks.Investigate(v["incident"], Actor(v["from"]) if v["from"] else None),
    "roll-back": lambda v: asks.RollBack(
        v["service"], v["environment"], v["version"], v["shown"], tuple(v.get("seen", "").split())
    ),
}


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for every button."""

    @app.action(re.compile("^ask-rollback"))
    async def ask_rollback(ack: Any, body: Payload, respond: Respond) -> None:
        await ack()
        try:
            value = value_of(body)
            wanted = value["service"], value["environment"], value["version"]
        except (NotUnderstood, KeyError):
            await respond(text=NOT_UNDERSTOOD, replace_original=False, response_type="ephemeral")
            return
        await offer(edge, wanted, asking(body, respond))

    @app.action("cancel")
    async def cancel(ack: Any, respond: Respond) -> None:
        await ack()
        await respond(text="Cancelled. Nothing was started.", replace_original=True)

    @app.action(re.compile(f"^({'|'.join(_ASKS)})(:|$)"))
    async def click(ack: Any, body: Payload, respond: Respond) -> None:
        said = await press(edge, body)
        await ack()
        confirmation = str(body["actions"][0]["action_id"]).startswith("roll-back")
        if confirmation and not said.again:  # else its button must stay
            await respond(text=said.text, replace_original=True, response_type="ephemeral")
        elif not said.accepted:
            await respond(text=said.text, replace_original=False, response_type="ephemeral")


async def press(edge: Edge, body: Payload) -> Said:
    """Submit what the button means."""
    action = body["actions"][0]
    try:
        value = value_of(body)
        ask = _ASKS[action["action_id"].partition(":")[0]](value)
    except (NotUnderstood, KeyError, ValueError):
        return Said(accepted=False, text=NOT_UNDERSTOOD)
    return await edge.say(ask, by=actor_of(body), key=_key(body, value))


def _key(body: Payload, value: Value) -> str:
    """A confirmation counts once, however often it is clicked; any other click counts by itself."""
    asked = value.get("asked")
    return f"confirmed/{actor_of(body)}/{asked}" if asked else key_of(body, "click")
