"""The button under a rollback's card that releases deploys, and the form that asks for the reason."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.clicks import NOT_UNDERSTOOD
from commands.deploy_form import ViewGone, Views
from commands.edge import Edge, Payload, actor_of, key_of
from commands.incident_forms import NOT_OPENED
from commands.views.held import REASON, RELEASE, SUBMITTED, release_form, release_in
from commands.views.notice import NOT_A_FORM, notice
from commands.views.sent import NotUnderstood, value_of
from runbooks.engine import asks
from runbooks.vocabulary import Unreachable

SAY_WHY = "Say in a sentence why they may go on. Nothing was changed."
log = logging.getLogger(__name__)


def register(app: AsyncApp, edge: Edge, views: Views) -> None:
    """Listen for the button and the form."""

    @app.action(RELEASE)
    async def clicked(ack: Any, body: Payload, respond: Any) -> None:
        text = await opens(views, body)
        await ack()
        if text:
            await respond(text=text, replace_original=False, response_type="ephemeral")

    @app.view(SUBMITTED)
    async def submitted(ack: Any, body: Payload) -> None:
        await ack(**await submit(edge, body))


async def opens(views: Views, body: Payload) -> str:
    """Open the form; what the person is told where it does not."""
    try:
        value = value_of(body)
        form = release_form(value["run"], value["service"], value["environment"])
    except (NotUnderstood, KeyError):
        return NOT_UNDERSTOOD
    try:
        await views.open(str(body["trigger_id"]), form)
    except (ViewGone, Unreachable) as cause:
        log.warning("the form of %s could not be opened: %s", value["run"], cause)
        return NOT_OPENED
    return ""


async def submit(edge: Edge, body: Payload) -> Payload:
    """What the acknowledgement carries: nothing where it was recorded, else what keeps the form open."""
    try:
        run, service, environment, reason = release_in(body.get("view"))
    except NotUnderstood:
        return {"response_action": "update", "view": notice(NOT_A_FORM)}
    if not reason:
        return {"response_action": "errors", "errors": {REASON: SAY_WHY}}
    ask = asks.Unlock(service, environment, reason, hold=run)
    accepted, said = await edge.submit(ask, by=actor_of(body), key=key_of(body, "form"))
    return {} if accepted else {"response_action": "errors", "errors": {REASON: said}}
