"""Reads what a campaign came to: outsiders, the records as their owner sees them, people, Slack."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg

from bot.adapters.postgres.verify import faults
from runbooks.folds import folds
from runbooks.runs.state import Status
from sandbox.cluster.audit import Write
from sandbox.cluster.identities import OPSBOT_USER
from tests.acceptance.people import key_of
from tests.chaos.gestures import Gesture
from tests.chaos.places import APPROVERS, Place
from tests.chaos.seen import Effect, Hold, Ran, Schema, Seen, Told
from tests.chaos.wanted import wanted
from tests.chaos.world import World

_RUN = "opsbot.dev/run"
_EVENTS = (
    "select split_part(stream, '/', 2), data, actor from events where stream like 'run/%' order by stream, version"
)
_LOCKS = (
    "select split_part(stream, '/', 2), data from events where stream like 'release/%'"
    " and data::jsonb->>'kind' in ('locked', 'unlocked') order by stream, version"
)
_APPLIED = "select name, run, extract(epoch from at)::float8 from outsider.events where what = 'applied'"
_SEEN = "select name, what, times from outsider.seen"
_ENTITLED = (*APPROVERS, "riley")  # the members of the group
Json = dict[str, Any]


async def seen(world: World, stuck: Iterable[str]) -> Seen:
    """All of it. The bots have nothing left to do."""
    team = world.slack.workspace.team_id
    runs = _runs(world)
    return Seen(
        told=[_told(gesture, team, world) for gesture in world.hands.made.values()],
        inbox={str(key): reply for key, reply in _rows(world.owner_url, "select key, reply from inbox")},
        runs=runs,
        effects=sorted([*_of_pods(world), *_of_schemas(world)], key=lambda effect: effect.at),
        schemas=[_schema(world, place) for place in world.services],
        images=_images(world),
        wanted=await wanted(world),
        stands=await _stands(world),
        approvers=frozenset(f"{team}/{world.slack.users[name]}" for name in _ENTITLED),
        stored=await faults(world.owner_url, folds()),
        stuck=list(stuck),
        holds=list(_holds(world)),
    )


def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


# people


def _told(gesture: Gesture, team: str, world: World) -> Told:
    by = f"{team}/{gesture.by}"
    facts = gesture.facts
    kind = "command" if gesture.kind in ("deploy", "rollback", "unlock") else "click"
    key = f"confirmed/{by}/{facts['asked']}" if gesture.kind == "confirm" else f"{kind}/{gesture.id}"
    silent = bool(gesture.acknowledged) and not gesture.said and gesture.kind in ("approve", "reject", "abort")
    return Told(
        key=key,
        kind=gesture.kind,
        by=by,
        at=gesture.at,
        sent=gesture.sent,
        said=tuple(gesture.said),
        accepted=silent and any(map(world.bots.quiet, gesture.acknowledged)),
        run=str(facts.get("run", "")),
        digest=str(facts.get("digest", "")),
        service=str(facts.get("service", "")),
        version=str(facts.get("version", "")),
        shown=str(facts.get("card", "")),
    )


# records


def _runs(world: World) -> dict[str, Ran]:
    told: defaultdict[str, list[tuple[Json, str]]] = defaultdict(list)
    for run, data, actor in _rows(world.owner_url, _EVENTS):
        told[str(run)].append((json.loads(data), str(actor)))
    fenced = dict(taken_over(told))
    return {run: replace(_ran(run, events), fenced_at=fenced.get(run)) for run, events in told.items()}


def taken_over(told: Mapping[str, list[tuple[Json, str]]]) -> Iterator[tuple[str, float]]:
    """The runs that a rollback superseded, and when it had taken over from them: only then they are fenced.

    One that is aborted before takes over while it ends.
    """
    for events in told.values():
        when = next((event["at"] for event, _ in events if _has_taken_over(event) or event["kind"] == "ended"), None)
        if when:
            yield from ((other, _seconds(when)) for other in events[0][0].get("supersedes", ()))


def _has_taken_over(event: Json) -> bool:
    recorded = event["kind"] == "recorded" and event["step"] == "take-over"
    return bool(recorded and event["outcome"]["kind"] == "done")


def _ran(run: str, events: list[tuple[Json, str]]) -> Ran:
    asked = events[0][0]
    ended = next((event for event, _ in events if event["kind"] == "ended"), None)
    status = str(ended["status"]) if ended else "under way"
    return Ran(
        id=run,
        command=asked["command"],
        service=asked["service"],
        version=asked["version"],
        requester=asked["by"],
        status=status,
        over=ended is not None and Status(status).over,
        ended_at=_seconds(ended["at"]) if ended else None,
        because=asked["because"],
        plans=tuple(
            (_seconds(event["at"]), event["digest"], str(event["plan"].get("commit") or ""))
            for event, _ in events
            if event["kind"] == "planned"
        ),
        events=tuple((event["kind"], actor) for event, actor in events),
    )


def _holds(world: World) -> Iterator[Hold]:
    """From a rollback's end until somebody released deploys, or another rollback held them."""
    since: dict[str, float] = {}
    for service, data in _rows(world.owner_url, _LOCKS):
        event = json.loads(data)
        if event.get("run") and service in since:
            yield Hold(str(service), since.pop(service), _seconds(event["at"]))
        if event.get("run") and event["kind"] == "locked":
            since[str(service)] = _seconds(event["at"])
    yield from (Hold(service, at) for service, at in since.items())


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


# outsiders


def _of_pods(world: World) -> Iterator[Effect]:
    """Every patch of a pod template that the API server has accepted, by its audit log."""
    for write in world.cluster.audit.writes("deployments", user=OPSBOT_USER):
        if write.verb == "patch" and write.effective and (version := version_in(write.body)):
            yield Effect(f"pods of {write.namespace}", _run_in(write), version, write.at.timestamp())


def version_in(patch: object) -> str:
    """The tag that a JSON patch gives the container; "" where it leaves the pods alone."""
    for one in patch if isinstance(patch, list) else []:
        if one["op"] == "replace" and one["path"].endswith("/image"):
            return str(one["value"]).rpartition(":")[2]
        if one["op"] == "replace" and one["path"] == "/spec/template":
            return str(one["value"]["spec"]["containers"][0]["image"]).rpartition(":")[2]
    return ""


def _run_in(write: Write) -> str:
    for one in write.body:
        if one["op"] == "add" and one["path"] == "/metadata/annotations":
            return str(one["value"].get(_RUN, ""))
        if one["op"] == "add" and one["path"].endswith(_RUN.replace("/", "~1")):
            return str(one["value"])
    return ""


def _of_schemas(world: World) -> Iterator[Effect]:
    for place in world.services:
        if _counts(world, place):
            for name, run, at in _rows(world.service_url(place), _APPLIED):
                yield Effect(f"schema of {place.service}", str(run), str(name), float(at))


def _schema(world: World, place: Place) -> Schema:
    times: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, what, count in _rows(world.service_url(place), _SEEN) if _counts(world, place) else []:
        if re.fullmatch("m_[0-9]+", str(name)):
            times[str(name)][str(what)] = int(count)
    return Schema(place.service, dict(times))


def _counts(world: World, place: Place) -> bool:
    return bool(_rows(world.service_url(place), "select 1 where to_regclass('outsider.events') is not null"))


def _images(world: World) -> Mapping[str, str]:
    found = world.cluster.kubectl.json("get", "deployments", "--all-namespaces")["items"]
    images = {
        one["metadata"]["namespace"]: one["spec"]["template"]["spec"]["containers"][0]["image"] for one in found
    }
    return {place.service: images[place.service].rpartition(":")[2] for place in world.services}


# Slack


async def _stands(world: World) -> Mapping[str, list[str]]:
    """By the bot's keys what each message shows, asked of the local Slack itself."""
    watcher = world.slack.person("riley")
    found: defaultdict[str, list[str]] = defaultdict(list)
    for channel in {message.channel for message in world.board.messages.values()}:
        for message in await watcher.messages(channel):
            if key := key_of(message):
                found[key].append(message.shown)
    return found
