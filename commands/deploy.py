"""`/deploy`: start, status, abort, lock, unlock, history, help."""

import difflib
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, actor_of, key_of
from commands.replies import NOT_READ
from commands.views.lists import deploy_help, history, status
from commands.views.words import safe
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.store import StoreUnavailable

_ALIKE = 0.75  # so close to an environment's name that it was meant
RECENT = 15  # runs that `history` lists
LOOKED_AT = 200  # newest runs among which it looks


class Misread(Exception):
    """What was typed is not a command; the sentence says what would be."""


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/deploy`."""

    @app.command("/deploy")
    async def deploy(ack: Any, command: Payload) -> None:
        await ack(**await answer(edge, command))


async def answer(edge: Edge, command: Payload) -> dict[str, Any]:
    """What the acknowledgement carries: text, or blocks with text."""
    words = str(command.get("text", "")).split()
    match words:
        case [] | ["help", *_]:
            return {"text": deploy_help(edge.catalogue)}
        case ["status" | "history" as what, *rest]:
            return await _read(edge, what, rest)
    try:
        ask = parse(edge.catalogue, words)
    except Misread as fault:
        return {"text": str(fault)}
    _, text = await edge.submit(ask, by=actor_of(command), key=key_of(command, "command"))
    return {"text": text}


def parse(catalogue: Catalogue, words: list[str]) -> asks.Ask:
    """The words after `/deploy` as what is asked for. Raises Misread with a sentence."""
    match words:
        case ["abort", run]:
            return asks.Abort(run.upper())
        case ["abort", *_]:
            raise Misread("Say which run: `/deploy abort D-107`. `/deploy status` lists those under way.")
        case ["lock", service, *rest]:
            environment, reason = _environment(catalogue, service, rest)
            if not reason:
                raise Misread(f"Say why, for whoever wants to deploy: `/deploy lock {service} REASON`.")
            return asks.Lock(service, environment, reason)
        case ["unlock", service, *rest]:
            return asks.Unlock(service, *_environment(catalogue, service, rest))
        case ["lock" | "unlock" as what]:
            raise Misread(f"Say which service: `/deploy {what} SERVICE [ENVIRONMENT] REASON`.")
        case [service, version]:
            return asks.Deploy(service, version)
        case [service, version, environment]:
            return asks.Deploy(service, version, environment)
        case [service]:
            raise Misread(f"Say which version: `/deploy {service} VERSION [ENVIRONMENT]`. Nothing was started.")
        case _:
            raise Misread("Not understood. `/deploy SERVICE VERSION [ENVIRONMENT]`, or `/deploy help`.")


def _environment(catalogue: Catalogue, service: str, words: list[str]) -> tuple[str, str]:
    """The environment, where the next word names one, and the rest as a reason."""
    found = catalogue.services.get(service)
    if words and found and words[0] in found.environments:
        return words[0], " ".join(words[1:])
    meant = difflib.get_close_matches(words[0], found.environments, 1, _ALIKE) if words and found else []
    if meant:  # "stagin" is no reason: it must not lock the default environment
        raise Misread(
            f"There is no environment “{safe(words[0], 60)}”. Did you mean {meant[0]}? Nothing was changed."
        )
    return "", " ".join(words)


async def _read(edge: Edge, what: str, words: list[str]) -> dict[str, Any]:
    try:
        runs = [state for _, state in await edge.store.latest("run/", LOOKED_AT)]
    except StoreUnavailable:
        return {"text": NOT_READ}
    chosen = [r for r in runs if all(word in (r.service, r.environment) for word in words)]
    if what == "history":
        return {"text": history(chosen[:RECENT])}
    return {"text": status([r for r in chosen if not r.status.over])}
