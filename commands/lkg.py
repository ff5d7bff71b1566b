"""`/lkg`: what is last known good, everywhere or of one service with its history; private, for anybody."""

from collections.abc import Iterable, Sequence
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload
from commands.replies import not_read
from commands.views.known_good import everywhere, of_service
from commands.views.nearest import no_such
from commands.views.typed import words_of
from runbooks.catalogue import Catalogue
from runbooks.folds import folds
from runbooks.releases.history import Entry, entries
from runbooks.releases.state import Release
from runbooks.store import StoreUnavailable

HELP = (
    "`/lkg`\u2003what is last known good everywhere\n"
    "`/lkg SERVICE [ENVIRONMENT]`\u2003the same of one service, with its history"
)
Answer = dict[str, Any]


class Misread(Exception):
    """What was typed names nothing; the sentence says what would be right."""


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/lkg`."""

    @app.command("/lkg")
    async def lkg(ack: Any, command: Payload) -> None:
        await ack(**await answer(edge, words_of(str(command.get("text", "")))))


async def answer(edge: Edge, words: Sequence[str]) -> Answer:
    """What the acknowledgement of `/lkg WORDS` carries."""
    try:
        match words:
            case []:
                return await _everywhere(edge)
            case [first, *_] if first.casefold() == "help" and first not in edge.catalogue.services:
                return {"text": HELP}
            case [service, *rest] if len(rest) <= 1:
                return await _of_service(edge, service, environments(edge.catalogue, service, rest))
    except Misread as fault:
        return {"text": str(fault)}
    except StoreUnavailable as cause:
        return {"text": not_read(cause)}
    return {"text": f"Not understood.\n{HELP}"}


def environments(catalogue: Catalogue, service: str, named: Sequence[str]) -> list[str]:
    """The environments that are asked for: the one that is named, or all. Raises Misread."""
    if service not in catalogue.services:
        raise Misread(no_such("service", service, catalogue.services))
    known = catalogue.services[service].environments
    if missing := [name for name in named if name not in known]:
        raise Misread(no_such("environment", missing[0], known))
    return list(named or known)


async def _everywhere(edge: Edge) -> Answer:
    places = [(name, place) for name, service in edge.catalogue.services.items() for place in service.environments]
    return {"text": "Last known good", "blocks": everywhere(await _releases(edge, places))}


async def _of_service(edge: Edge, service: str, names: Sequence[str]) -> Answer:
    releases = await _releases(edge, ((service, name) for name in names))
    histories = {name: await _history(edge, f"release/{service}/{name}") for name in names}
    return {"text": f"Last known good of {service}", "blocks": of_service(service, releases, histories)}


async def _releases(edge: Edge, places: Iterable[tuple[str, str]]) -> list[Release]:
    streams = [f"release/{service}/{environment}" for service, environment in places]
    found = (await edge.store.read(streams)).streams
    return [found[stream].state for stream in streams]


async def _history(edge: Edge, stream: str) -> tuple[Entry, ...]:
    kind = folds()["release"].event_type
    return entries(kind.validate_json(each.data) for each in await edge.store.history(stream))
