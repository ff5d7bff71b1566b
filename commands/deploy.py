"""`/deploy`: start, status, abort, lock, unlock, history, help."""

from collections.abc import Iterable
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, actor_of, key_of
from commands.replies import not_read
from commands.views.lists import deploy_help, history, status
from commands.views.nearest import no_such
from commands.views.typed import typed, words_of
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.shapes import is_run
from runbooks.nearest import nearest
from runbooks.runs.state import Run
from runbooks.store import StoreUnavailable

_ALIKE = 0.75  # so close to a name that it was meant
RECENT = 15  # runs that `history` lists
LOOKED_AT = 200  # newest runs among which it looks
WHAT = ("help", "status", "history", "abort", "lock", "unlock")


class Misread(Exception):
    """What was typed is not a command; the sentence says what would be."""


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/deploy`."""

    @app.command("/deploy")
    async def deploy(ack: Any, command: Payload) -> None:
        await ack(**await answer(edge, command))


async def answer(edge: Edge, command: Payload) -> dict[str, Any]:
    """What the acknowledgement carries: text, or blocks with text."""
    words = _words(str(command.get("text", "")))
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


def _words(text: str) -> list[str]:
    """What was typed; the first word in lower case where it is one of ours."""
    words = words_of(text)
    return [words[0].lower(), *words[1:]] if words and words[0].lower() in WHAT else words


def parse(catalogue: Catalogue, words: list[str]) -> asks.Ask:
    """The words after `/deploy` as what is asked for. Raises Misread with a sentence."""
    match words:
        case ["abort", *rest]:
            return _abort(rest)
        case ["lock" | "unlock" as what, *rest]:
            return _hold(catalogue, what, rest)
        case [meant, *_] if near := _near_command(catalogue, meant):
            raise Misread(f"Did you mean `/deploy {near}`, not `/deploy {typed(meant)}`? Nothing was started.")
        case [service] if service not in catalogue.services:
            raise Misread(f"{no_such('service', service, catalogue.services)} Nothing was started.")
        case [service]:
            raise Misread(f"Say which version: `/deploy {service} VERSION [ENVIRONMENT]`. Nothing was started.")
        case [service, version]:
            return asks.Deploy(service, version)
        case [service, version, environment]:
            return asks.Deploy(service, version, environment)
        case _:
            raise Misread(
                f"Not understood: “{typed(' '.join(words))}”. `/deploy SERVICE VERSION [ENVIRONMENT]`, "
                "or `/deploy help`. Nothing was started."
            )


def _near_command(catalogue: Catalogue, word: str) -> str:
    """The command that was mistyped, unless the word is nearer to a service."""
    if word in catalogue.services:
        return ""
    near = nearest(word, [*catalogue.services, *WHAT], _ALIKE)
    return near if near in WHAT and near not in catalogue.services else ""


def _abort(words: list[str]) -> asks.Abort:
    match words:
        case [run] if is_run(run.upper()):
            return asks.Abort(run.upper())
        case [other]:
            raise Misread(
                f"“{typed(other)}” is no run. Runs are called D-107 or R-12; `/deploy status` lists those under way. "
                "Nothing was aborted."
            )
        case _:
            raise Misread(
                "Say which run: `/deploy abort D-107`. `/deploy status` lists those under way. Nothing was aborted."
            )


def _hold(catalogue: Catalogue, what: str, words: list[str]) -> asks.Lock | asks.Unlock:
    """Lock or unlock."""
    if not words:
        reason = " REASON" if what == "lock" else ""
        raise Misread(f"Say which service: `/deploy {what} SERVICE [ENVIRONMENT]{reason}`. Nothing was changed.")
    service = words[0]
    if service not in catalogue.services:
        raise Misread(f"{no_such('service', service, catalogue.services)} Nothing was changed.")
    environment, reason = _environment(catalogue, service, words[1:])
    if what == "unlock":
        return asks.Unlock(service, environment, reason)
    if not reason:
        place = f"{service} {environment}".strip()
        raise Misread(
            f"Say why, for whoever wants to deploy: `/deploy lock {typed(place)} REASON`. Nothing was locked."
        )
    return asks.Lock(service, environment, reason)


def _environment(catalogue: Catalogue, service: str, words: list[str]) -> tuple[str, str]:
    """The environment, where the next word names one, and the rest as a reason."""
    found = catalogue.services[service].environments
    if words and words[0] in found:
        return words[0], " ".join(words[1:])
    if words and (meant := nearest(words[0], found, _ALIKE)):
        # "stagin" is no reason: it must not lock the default environment
        raise Misread(f"There is no environment “{typed(words[0])}”. Did you mean {meant}? Nothing was changed.")
    return "", " ".join(words)


async def _read(edge: Edge, what: str, words: list[str]) -> dict[str, Any]:
    try:
        runs = [run for _, run in await edge.store.latest("run/", LOOKED_AT)]
        going = await edge.store.outstanding("run", LOOKED_AT) if what == "status" else []
    except StoreUnavailable as cause:
        return {"text": not_read(cause)}
    known = _names(edge.catalogue, [*runs, *going])
    for word in words:
        if word not in known:
            return {"text": no_such("service or environment", word, known)}
    asked = runs if what == "history" else going
    chosen = [r for r in asked if all(word in (r.service, r.environment) for word in words)]
    return {"text": history(chosen[:RECENT]) if what == "history" else status(chosen)}


def _names(catalogue: Catalogue, runs: Iterable[Run]) -> frozenset[str]:
    """Every service and environment there is, and those that only older runs know."""
    of_catalogue = {name for service in catalogue.services.values() for name in service.environments}
    of_runs = {name for run in runs for name in (run.service, run.environment)}
    return frozenset({*catalogue.services, *of_catalogue, *of_runs})
