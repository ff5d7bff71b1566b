"""`/rollback`: asking shows privately what comes back, and the confirmed click asks for it; planned ones start so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, Respond, actor_of, key_of
from commands.replies import not_read, sentence
from commands.views import words
from commands.views.confirm_rollback import Asked, confirm_rollback
from commands.views.lists import rollback_help
from commands.views.typed import words_of
from runbooks import pace
from runbooks.catalogue import Environment, Service, targets
from runbooks.engine.asks import PlanRollBack, Reply
from runbooks.engine.places import find_place
from runbooks.engine.starts import refuse_to_stop, way_back
from runbooks.releases.state import Release
from runbooks.runs.policy import of_group
from runbooks.runs.state import Run
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Actor, Refused, Unreachable

NOT_UNDERSTOOD = (
    "Not understood. `/rollback SERVICE [ENVIRONMENT] [to VERSION] [planned]`, or `/rollback help`. "
    "Nothing was started."
)


@dataclass(frozen=True)
class Asking:
    """Who asks for a confirmation, the id that Slack gave the gesture, and how they are answered."""

    by: Actor
    gesture: str
    respond: Respond


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/rollback`."""

    @app.command("/rollback")
    async def rollback(ack: Any, command: Payload, respond: Respond) -> None:
        text = str(command.get("text", ""))
        if (planned := without_hurry(words_of(text))) is not None:
            await ack(text=await plan(edge, planned, command))
            return
        await ack()  # asking records nothing
        await ask(edge, text, asking(command, respond))


def asking(payload: Payload, respond: Respond) -> Asking:
    """What a command or a click says of who asks."""
    return Asking(actor_of(payload), str(payload["trigger_id"]), respond)


async def ask(edge: Edge, text: str, who: Asking) -> None:
    """Answer privately with what the rollback would do, and the button that does it."""
    typed = words_of(text)
    match [typed[0].lower(), *typed[1:]] if len(typed) == 1 else typed:
        case [] | ["help"]:
            await who.respond(text=rollback_help(edge.catalogue), response_type="ephemeral")
        case _ if (wanted := parse(typed)) is not None:
            await offer(edge, wanted, who)
        case _:
            await who.respond(text=NOT_UNDERSTOOD, response_type="ephemeral")


def without_hurry(typed: Sequence[str]) -> list[str] | None:
    """The other words, where the first or the last one is "planned"; None where it is not, or is the version."""
    match [word.lower() for word in typed]:
        case ["planned", *_]:
            return list(typed[1:])
        case [*_, "to", "planned"]:
            return None
        case [_, *_, "planned"]:
            return list(typed[:-1])
        case _:
            return None


async def plan(edge: Edge, typed: Sequence[str], command: Payload) -> str:
    """Start a planned rollback; what only the person is told. It is recorded when this returns."""
    if (wanted := parse(typed)) is None:
        return NOT_UNDERSTOOD
    service, environment, version = wanted
    start = PlanRollBack(service, environment, version)
    _, text = await edge.submit(start, by=actor_of(command), key=key_of(command, "command"))
    return text


def parse(typed: Sequence[str]) -> tuple[str, str, str] | None:
    """The service, the environment ("" is the default) and the version ("" is the last known good), if understood."""
    match typed:
        case [service, to, version] if to.lower() == "to":
            return service, "", version
        case [service, environment, to, version] if to.lower() == "to":
            return service, environment, version
        case [service]:
            return service, "", ""
        case [service, environment] if environment.lower() != "to":
            return service, environment, ""
        case _:
            return None


async def offer(edge: Edge, wanted: tuple[str, str, str], who: Asking) -> None:
    """Show one confirmation for (service, environment, version), to somebody who may roll back there."""
    try:
        service, name, environment = find_place(edge.catalogue, wanted[0], wanted[1])
        await _admit(edge, environment, who.by)
        asked = Asked(wanted[2], who.gesture)
        answer = await _confirmation(edge, (wanted[0], service), (name, environment), asked)
    except Refused as refused:
        facts = {"doing": "roll back", **refused.facts}
        answer = {"text": sentence(Reply(refused=refused.reason, facts=facts))}
    except StoreUnavailable as cause:
        answer = {"text": not_read(cause)}
    await who.respond(**answer, response_type="ephemeral", replace_original=False)


async def _admit(edge: Edge, environment: Environment, by: Actor) -> None:
    """The person may roll back here, as far as can be told now; the click is held to it again. Raises Refused."""
    allowed = frozenset(environment.rollers_back)
    try:
        groups = await edge.reception.groups(by, allowed)
    except Unreachable as cause:
        raise Refused("membership-unknown", what=cause.what) from cause
    of_group(groups=groups, allowed=allowed, doing="roll back")


async def _confirmation(
    edge: Edge, service: tuple[str, Service], place: tuple[str, Environment], asked: Asked
) -> dict[str, Any]:
    stream = f"release/{service[0]}/{place[0]}"
    wanted = targets(service[1], place[0], edge.reception.reserved(service[1].runbooks.rollback))
    snapshot = await edge.store.read([stream], targets=sorted(wanted))
    release: Release = snapshot.streams[stream].state
    await _refuse_to_stop(edge, snapshot.holders.values(), release)
    target = way_back(release, asked.version)
    before = (await edge.store.read(streams)).streams.values() if (streams := pace.streams(release)) else ()
    took = pace.took(release, (stored.state for stored in before))
    preview = await edge.way_back.preview(service, place, target, release, took=took)
    running = sorted({holder.partition("/")[2] for holder in snapshot.holders.values()})
    asked = replace(asked, seen=preview.overwrites)
    blocks = confirm_rollback(release, target, preview.lines, running, quorum=place[1].approval, asked=asked)
    text = words.line(f"Roll back {service[0]} {place[0]} to {target.version}?")
    return {"text": text, "blocks": blocks}


async def _refuse_to_stop(edge: Edge, holders: Collection[str], release: Release) -> None:
    """Say what would not be stopped before somebody confirms. Raises Refused."""
    streams = (await edge.store.read(sorted(set(holders)))).streams
    runs: list[Run] = [stored.state for stored in streams.values()]
    for run in runs:
        refuse_to_stop(run, edge.catalogue, release.service, release.environment)
