"""`/drill`: take an environment forward and back again, to see that the way back works."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, actor_of, key_of
from commands.replies import not_read
from commands.views.drill_times import HELP, listed
from commands.views.typed import typed, words_of
from runbooks.catalogue import Catalogue
from runbooks.drills.state import stream_of
from runbooks.engine import asks
from runbooks.engine.drills import LOOKED_AT
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run
from runbooks.store import StoreUnavailable


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/drill`."""

    @app.command("/drill")
    async def drill(ack: Any, command: Payload) -> None:
        await ack(text=await answer(edge, command))


async def answer(edge: Edge, command: Payload) -> str:
    """What the acknowledgement carries."""
    match words_of(str(command.get("text", ""))):
        case [] | ["status" | "list" | "history"]:
            return await _status(edge)
        case ["abort" as meant, *rest] if meant not in edge.catalogue.services:
            run = typed(rest[0]) if rest else "RUN"
            return f"Nothing was aborted. A drill ends by `/deploy abort {run}`, or by “Abort” on its card."
        case ["help", *_]:
            return HELP
        case [service, *rest] if len(_without_to(rest)) <= 2:  # noqa: PLR2004  # an environment, a version
            _, text = await edge.submit(
                parse(edge.catalogue, service, rest), by=actor_of(command), key=key_of(command, "command")
            )
            return text
        case words:
            return f"Not understood: “{typed(' '.join(words))}”. Nothing was started.\n{HELP}"


def _without_to(rest: list[str]) -> list[str]:
    """As after `/rollback`, a "to" may stand before the version."""
    return [*rest[:-2], rest[-1]] if rest[-2:-1] == ["to"] else rest


def parse(catalogue: Catalogue, service: str, rest: list[str]) -> asks.Drill:
    """What is asked for, in the order of `/deploy` too. The only environment with drills need not be named."""
    rest, found = _without_to(rest), catalogue.services.get(service)
    drilled = [name for name, place in found.environments.items() if place.drill] if found else []
    only = drilled[0] if len(drilled) == 1 else ""
    known = found.environments if found else {}
    match rest:
        case [version, environment] if version not in known and environment in known:
            return asks.Drill(service, environment, version)
        case [environment, version]:
            return asks.Drill(service, environment, version)
        case [version] if only and found is not None and version not in found.environments:
            return asks.Drill(service, only, version)
        case [environment]:
            return asks.Drill(service, environment)
        case _:
            return asks.Drill(service, only)


async def _status(edge: Edge) -> str:
    services = edge.catalogue.services.items()
    places = [(name, place) for name, found in services for place, there in found.environments.items() if there.drill]
    try:
        read = (await edge.store.read([stream_of(*place) for place in places])).streams
        going: list[Run] = await edge.store.outstanding("run", LOOKED_AT)
    except StoreUnavailable as cause:
        return not_read(cause)
    runs = {(run.service, run.environment): run for run in going if run.command == DRILL}
    return listed([read[stream_of(*place)].state for place in places], runs)
