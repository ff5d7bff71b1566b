"""`/incident`: declare, update, resolve, list; the form that asks what was learned, and its button."""

import re
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands import incident_found
from commands.deploy_form import Views
from commands.edge import Edge, Payload, actor_of, key_of
from commands.incident_forms import Kind, listen, not_to_be, read, show
from commands.replies import not_read
from commands.views.incident_words import HELP, listed
from commands.views.lessons_form import SUBMITTED, TEXT, faults, filled, form
from commands.views.nearest import no_such
from commands.views.typed import typed, words_of
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.incidents.handling import refuse_over
from runbooks.nearest import nearest
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Refused, Severity

LOOKED_AT = 200  # newest incidents that `list` reads, of those that are open
WHAT = ("declare", "update", "found", "resolve", "list", "help")
_INCIDENT = re.compile(r"I-[0-9]{1,18}")
_ALIKE = 0.75  # so close to a name that it was meant


class Misread(Exception):
    """What was typed is not a command; the sentence says what would be."""


@dataclass(frozen=True)
class Named:
    """An incident, and what is said of it."""

    incident: str
    text: str


def register(app: AsyncApp, edge: Edge, views: Views) -> None:
    """Listen for `/incident`, for the buttons that open its forms, and for the forms."""
    listen(app, edge, views, Kind(re.compile("^resolve-incident"), SUBMITTED, resolve, submit))
    incident_found.register(app, edge, views)

    @app.command("/incident")
    async def typed_it(ack: Any, command: Payload) -> None:
        await ack(text=await answer(edge, views, command))


async def answer(edge: Edge, views: Views, command: Payload) -> str:
    """What the acknowledgement carries; "" where a form opened."""
    try:
        match words(str(command.get("text", ""))):
            case [] | ["help", *_]:
                return HELP
            case ["list", *_]:
                return listed(await edge.store.outstanding("incident", LOOKED_AT))
            case ["resolve", *rest]:
                wanted = _named(rest, "resolve")
                return await resolve(edge, views, command, wanted.incident, wanted.text)
            case ["found", *rest]:
                wanted = _named(rest, "found")
                return await incident_found.close(edge, views, command, wanted.incident, wanted.text)
            case said:
                ask = parse(edge.catalogue, said)
    except Misread as fault:
        return str(fault)
    except StoreUnavailable as cause:
        return not_read(cause)
    _, text = await edge.submit(ask, by=actor_of(command), key=key_of(command, "command"))
    return text


def words(text: str) -> list[str]:
    """What was typed; the first word in lower case where it is one of ours."""
    found = words_of(text)
    return [found[0].lower(), *found[1:]] if found and found[0].lower() in WHAT else found


def parse(catalogue: Catalogue, said: list[str]) -> asks.Declare | asks.UpdateIncident:
    """The words after `/incident` as what is asked for. Raises Misread with a sentence."""
    match said:
        case ["update", *rest]:
            wanted = _named(rest, "update")
            if not wanted.text:
                raise Misread(f"Say how it stands: `/incident update {wanted.incident} TEXT`. Nothing was changed.")
            return asks.UpdateIncident(wanted.incident, wanted.text)
        case ["declare", service, *rest]:
            return _declare(catalogue, service, rest)
        case ["declare"]:
            raise Misread("Say where and what: `/incident declare SERVICE [ENVIRONMENT] TEXT`. Nothing was declared.")
        case _:
            raise Misread(
                f"Not understood: “{typed(' '.join(said))}”. `/incident declare | update | found | resolve | list`, "
                "or `/incident help`. Nothing was changed."
            )


def _named(said: list[str], doing: str) -> Named:
    """The incident, and the text. Raises Misread."""
    match said:
        case [name, *rest] if _INCIDENT.fullmatch(name.upper()):
            return Named(name.upper(), " ".join(rest))
        case [other, *_]:
            raise Misread(
                f"“{typed(other)}” is no incident. They are called I-7; `/incident list` shows those that are open. "
                "Nothing was changed."
            )
        case _:
            raise Misread(
                f"Say which incident: `/incident {doing} I-7 TEXT`. `/incident list` shows those that are open. "
                "Nothing was changed."
            )


def _declare(catalogue: Catalogue, service: str, rest: list[str]) -> asks.Declare:
    if service not in catalogue.services:
        raise Misread(f"{no_such('service', service, catalogue.services)} Nothing was declared.")
    environments, environment = catalogue.services[service].environments, ""
    if rest and rest[0] in environments:
        environment, *rest = rest
    elif rest and (meant := nearest(rest[0], environments, _ALIKE)):
        raise Misread(f"There is no environment “{typed(rest[0])}”. Did you mean {meant}? Nothing was declared.")
    severity = Severity.S3
    if rest and rest[0].upper() in set(Severity):
        severity, rest = Severity(rest[0].upper()), rest[1:]
    if not rest:
        raise Misread(
            f"Say what happens: `/incident declare {typed(service)} [ENVIRONMENT] TEXT`. Nothing was declared."
        )
    return asks.Declare(service, environment, " ".join(rest), severity)


async def resolve(edge: Edge, views: Views, gesture: Payload, name: str, text: str = "") -> str:
    """Resolve it, or open the form where it asks for more; what the person is told, "" where the form opened."""
    incident = await read(edge, name)
    try:
        refuse_over(incident)
    except Refused as refused:
        return not_to_be("resolve", refused)
    if text and not incident.asks_for_lessons:
        _, said = await edge.submit(asks.Resolve(name, text), by=actor_of(gesture), key=key_of(gesture, "resolve"))
        return said
    return await show(views, gesture, form(incident, text, actor_of(gesture)), name)


async def submit(edge: Edge, body: Payload) -> Payload:
    """What the acknowledgement carries: nothing where it was recorded, else what keeps the form open."""
    found = filled(body.get("view"))
    if wrong := faults(found, today=edge.clock().astimezone(UTC).date()):
        return {"response_action": "errors", "errors": wrong}
    ask = asks.Resolve(found.incident, found.text, found.lessons(actor_of(body)))
    accepted, text = await edge.submit(ask, by=actor_of(body), key=key_of(body, "form"))
    return {} if accepted else {"response_action": "errors", "errors": {TEXT: text}}
