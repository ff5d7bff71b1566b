"""`/rollback`: asking shows privately what comes back; the confirmed click is the request."""

from collections.abc import Collection
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, Respond
from commands.replies import NOT_READ, sentence
from commands.views.confirm_rollback import confirm_rollback
from runbooks.catalogue import Environment, Service, targets
from runbooks.engine.asks import Reply
from runbooks.engine.gestures import busy_facts, find_place, way_back
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Refused

USAGE = "Not understood. `/rollback SERVICE [ENVIRONMENT] [to VERSION]`. Nothing was started."


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/rollback`."""

    @app.command("/rollback")
    async def rollback(ack: Any, command: Payload, respond: Respond) -> None:
        await ack()  # asking records nothing
        await ask(edge, str(command.get("text", "")).split(), respond)


async def ask(edge: Edge, words: list[str], respond: Respond) -> None:
    """Answer privately with what the rollback would do, and the button that does it."""
    match words:
        case [service, "to", version]:
            await offer(edge, (service, "", version), respond)
        case [service, environment, "to", version]:
            await offer(edge, (service, environment, version), respond)
        case [service]:
            await offer(edge, (service, "", ""), respond)
        case [service, environment]:
            await offer(edge, (service, environment, ""), respond)
        case _:
            await respond(text=USAGE, response_type="ephemeral")


async def offer(edge: Edge, wanted: tuple[str, str, str], respond: Respond) -> None:
    """Show one confirmation for (service, environment, version)."""
    try:
        service, name, environment = find_place(edge.catalogue, wanted[0], wanted[1])
        answer = await _confirmation(edge, (wanted[0], service), (name, environment), wanted[2])
    except Refused as refused:
        answer = {"text": sentence(Reply(refused=refused.reason, facts=refused.facts))}
    except StoreUnavailable:
        answer = {"text": NOT_READ}
    await respond(**answer, response_type="ephemeral", replace_original=False)


async def _confirmation(
    edge: Edge, service: tuple[str, Service], place: tuple[str, Environment], version: str
) -> dict[str, Any]:
    stream = f"release/{service[0]}/{place[0]}"
    snapshot = await edge.store.read([stream], targets=sorted(targets(service[1], place[0])))
    await _refuse_second(edge, snapshot.holders.values())
    release: Release = snapshot.streams[stream].state
    target = way_back(release, version)
    lines = await edge.way_back.preview(*service, *place, target)
    running = sorted({holder.partition("/")[2] for holder in snapshot.holders.values()})
    blocks = confirm_rollback(release, target, lines, running, quorum=place[1].approval, version=version)
    return {"text": f"Roll back {service[0]} {place[0]} to {target.version}?", "blocks": blocks}


async def _refuse_second(edge: Edge, holders: Collection[str]) -> None:
    """A rollback is never preempted: say so before somebody confirms another. Raises Refused."""
    streams = (await edge.store.read(sorted(set(holders)))).streams
    runs: list[Run] = [stored.state for stored in streams.values()]
    for run in (run for run in runs if run.command == "rollback"):
        raise Refused("rolling-back-already", **busy_facts(run))
