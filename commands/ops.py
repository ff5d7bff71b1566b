"""`/ops`: the router's questions and the library's documents, private; nothing is kept but what the buttons carry."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.clicks import NOT_UNDERSTOOD
from commands.edge import Edge, Payload, Respond
from commands.views.blocks import actions, section
from commands.views.nearest import no_such
from commands.views.router import QUESTIONS, Shown, files, go, guidance, leads, question, read
from commands.views.sent import NotUnderstood, value_of
from commands.views.typed import words_of
from runbooks.nearest import nearest

HELP = """\
`/ops`\u2003four questions that lead to the right command and document
`/ops read`\u2003which documents there are, and when to read each
`/ops read NAME`\u2003shows one of them
`/incident declare SERVICE [ENVIRONMENT] TEXT`\u2003something is wrong: a record, a channel, a lead
`/lkg [SERVICE] [ENVIRONMENT]`\u2003what is known to be good
`/drill SERVICE [ENVIRONMENT] [VERSION]`\u2003takes an environment forward and back, to see that the way back works
`/onboard TENANT [SERVICE] [ENVIRONMENT]`\u2003a tenant through its gates; `/onboard status TENANT`, how far it is
`/audit SERVICE FROM TO [TENANT]`\u2003an audit pack of what was done
`/deploy help`\u2003how to deploy and roll back, and every other command"""
Answer = dict[str, Any]


class NotThere(Exception):
    """No place of the conversation is called that."""


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/ops` and its buttons."""

    @app.command("/ops")
    async def ops(ack: Any, command: Payload) -> None:
        await ack(**answer(edge, str(command.get("text", ""))))

    @app.action(re.compile("^ops:"))
    async def click(ack: Any, body: Payload, respond: Respond) -> None:
        await ack()
        await respond(**press(edge, body), response_type="ephemeral")


def answer(edge: Edge, text: str) -> Answer:
    """What the acknowledgement of `/ops TEXT` carries."""
    first, *rest = words_of(text) or [""]
    match [first.casefold(), *rest]:
        case [""]:
            return _message(question(1))
        case ["read"]:
            return _message(files(edge.books))
        case ["read", *name]:
            return _read(edge, "-".join(name))
        case ["help", *_]:
            return {"text": HELP}
    return {"text": f"Not understood; nothing was done.\n{HELP}"}


def press(edge: Edge, body: Payload) -> Answer:
    """The place that a button leads to, instead of the message it stands on."""
    try:
        value = value_of(body)
        shown = _at(edge, value["to"], value.get("back", ""))
        return {**_message(shown), "replace_original": True}
    except (NotUnderstood, KeyError, ValueError, NotThere):
        return {"text": NOT_UNDERSTOOD, "replace_original": False}


def _at(edge: Edge, place: str, back: str) -> Shown:
    match place.split("/"):
        case ["question", number]:
            return question(_question(number))
        case ["yes", number]:
            return leads(_question(number), edge.books, edge.catalogue)
        case ["guidance"]:
            return guidance(edge.books)
        case ["files"]:
            return files(edge.books, back=back)
        case ["read", name, part]:
            return read(edge.books[name], int(part), back=back)
    raise NotThere(place)


def _question(number: str) -> int:
    if number not in map(str, range(1, len(QUESTIONS) + 1)):
        raise NotThere(number)
    return int(number)


def _read(edge: Edge, typed: str) -> Answer:
    """A document by its id, its file's name, or a path that ends in it."""
    name = typed.casefold().removesuffix(".md")
    found = _by_name(edge, name) or _by_name(edge, name.rpartition("/")[2]) or _by_name(edge, name.partition("/")[0])
    if found:
        return _message(read(edge.books[found], 1))
    said, meant = no_such("document", name, edge.books), nearest(name, edge.books)
    return _message((said, [section(said), *actions(*([go(f"Read {meant}", f"read/{meant}/1")] if meant else []))]))


def _by_name(edge: Edge, name: str) -> str:
    names: Mapping[str, str] = {each.casefold(): each for each in edge.books}
    return names.get(name, "")


def _message(shown: Shown) -> Answer:
    text, blocks = shown
    return {"text": text, "blocks": blocks}
