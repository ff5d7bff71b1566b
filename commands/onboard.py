"""`/onboard`: begin a tenant's onboarding; its status and the list of all, private."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, actor_of, key_of
from commands.replies import not_a_tenant, not_read
from commands.views.nearest import no_such
from commands.views.tenants import HELP, Standing, listed, status
from commands.views.typed import typed, words_of
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.gates import is_code, stream_of
from runbooks.nearest import nearest
from runbooks.store import StoreUnavailable

LOOKED_AT = 200  # newest tenants that `list` reads
WHAT = ("help", "status", "list")


class Misread(Exception):
    """What was typed is not a command; the sentence says what would be."""


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/onboard`."""

    @app.command("/onboard")
    async def onboard(ack: Any, command: Payload) -> None:
        await ack(text=await answer(edge, command))


async def answer(edge: Edge, command: Payload) -> str:
    """What the acknowledgement carries."""
    words = words_of(str(command.get("text", "")))
    words = [words[0].lower(), *words[1:]] if words and words[0].lower() in WHAT else words
    try:
        match words:
            case [] | ["help", *_]:
                return HELP
            case ["status", tenant]:
                return await _status(edge, tenant)
            case ["status", *_]:
                return "Say which tenant: `/onboard status TENANT`."
            case ["list", *_]:
                return listed([state for _, state in await edge.store.latest("tenant/", LOOKED_AT)])
        ask = parse(edge.catalogue, words)
    except Misread as fault:
        return str(fault)
    except StoreUnavailable as cause:
        return not_read(cause)
    _, text = await edge.submit(ask, by=actor_of(command), key=key_of(command, "command"))
    return text


def parse(catalogue: Catalogue, words: list[str]) -> asks.Onboard:
    """The words after `/onboard` as what is asked for. Raises Misread with a sentence."""
    match words:
        case [tenant, *_] if not is_code(tenant):
            raise Misread(not_a_tenant(tenant))
        case [tenant]:
            return asks.Onboard(tenant, _only(catalogue))
        case [tenant, service] if service in catalogue.services:
            return asks.Onboard(tenant, service)
        case [tenant, other]:
            return asks.Onboard(tenant, _only(catalogue, other), other)
        case [tenant, service, environment]:
            return asks.Onboard(tenant, service, environment)
        case _:
            raise Misread(
                f"Not understood: “{typed(' '.join(words))}”. `/onboard TENANT [SERVICE] [ENVIRONMENT]`, "
                "or `/onboard help`. Nothing was started."
            )


def _only(catalogue: Catalogue, other: str = "") -> str:
    """The one service that there is; `other` was typed where a service can stand. Raises Misread."""
    names = list(catalogue.services)
    places = [place for service in catalogue.services.values() for place in service.environments]
    if other and (len(names) > 1 or nearest(other, [*places, *names]) in names):
        raise Misread(f"{no_such('service', other, names)} Nothing was started.")
    if len(names) > 1:
        raise Misread(
            f"Say which service: `/onboard TENANT SERVICE [ENVIRONMENT]`. There are: {', '.join(names)}. "
            "Nothing was started."
        )
    return names[0]


async def _status(edge: Edge, tenant: str) -> str:
    if not is_code(tenant):
        raise Misread(not_a_tenant(tenant))
    places = [(name, place) for name, service in edge.catalogue.services.items() for place in service.environments]
    streams = {place: stream_of(*place, tenant) for place in places}
    releases = {place: f"release/{'/'.join(place)}" for place in places}
    read = await edge.store.read([*streams.values(), *releases.values()], targets=sorted(streams.values()))
    found = [
        Standing(
            read.streams[streams[place]].state,
            read.holders.get(streams[place], "").partition("/")[2],
            read.streams[releases[place]].state.known_good,
            read.streams[releases[place]].state.astray,
        )
        for place in places
    ]
    return status(found, tenant)
