"""An incident's forms: the button that opens one, and what comes of it. Each kind of form has a file of its own."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.clicks import NOT_UNDERSTOOD
from commands.deploy_form import ViewGone, Views
from commands.edge import Edge, Payload
from commands.replies import not_read, sentence
from commands.views.blocks import Block
from commands.views.notice import NOT_A_FORM, notice
from commands.views.sent import NotUnderstood, value_of
from runbooks.engine import asks
from runbooks.incidents.incident import Incident
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Refused, Unreachable

NOT_OPENED = "The form did not open: Slack did not answer in time. Nothing was changed; try again."
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One kind of form."""

    button: str | re.Pattern[str]
    view: str
    opens: Callable[[Edge, Views, Payload, str], Awaitable[str]]  # for the incident of this name
    submit: Callable[[Edge, Payload], Awaitable[Payload]]  # what the acknowledgement carries; NotUnderstood


def listen(app: AsyncApp, edge: Edge, views: Views, kind: Kind) -> None:
    """Listen for the button and for the form."""

    @app.action(kind.button)
    async def clicked(ack: Any, body: Payload, respond: Any) -> None:
        text = await _press(edge, views, body, kind)
        await ack()
        if text:
            await respond(text=text, replace_original=False, response_type="ephemeral")

    @app.view(kind.view)
    async def submitted(ack: Any, body: Payload) -> None:
        try:
            answer = await kind.submit(edge, body)
        except NotUnderstood:
            answer = {"response_action": "update", "view": notice(NOT_A_FORM)}
        await ack(**answer)


async def _press(edge: Edge, views: Views, body: Payload, kind: Kind) -> str:
    """Open the form; what the person is told where it does not."""
    try:
        name = value_of(body)["incident"]
    except (NotUnderstood, KeyError):
        return NOT_UNDERSTOOD
    try:
        return await kind.opens(edge, views, body, name)
    except StoreUnavailable as cause:
        return not_read(cause)


async def read(edge: Edge, name: str) -> Incident:
    """The incident as it stands. Raises StoreUnavailable."""
    stream = f"incident/{name}"
    found: Incident = (await edge.store.read([stream])).streams[stream].state
    return found


def not_to_be(doing: str, refused: Refused) -> str:
    """Why nothing of the kind is to be done, as a sentence."""
    return sentence(asks.Reply(refused=refused.reason, facts={"doing": doing, **refused.facts}))


async def show(views: Views, gesture: Payload, form: Block, name: str) -> str:
    """Open the form; what the person is told, "" where it opened."""
    try:
        await views.open(str(gesture["trigger_id"]), form)
    except (ViewGone, Unreachable) as cause:
        log.warning("the form of %s could not be opened: %s", name, cause)
        return NOT_OPENED
    return ""
