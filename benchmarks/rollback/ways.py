"""Both ways back, played: the bot's by a click in Slack, kubectl's by three lines of a script."""

import asyncio
import http.client
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString
from urllib.parse import urlsplit

from benchmarks.rollback.health import PATHS
from benchmarks.rollback.way import Way, in_the_cluster
from benchmarks.rollback.world import GOOD, INTERVAL, PASSES, SERVICE, Place, World
from sandbox.service import manifests
from sandbox.slack import Message
from sandbox.waiting import until

PAUSES = (PASSES - 1) * INTERVAL
_PATIENCE = 90.0  # seconds
_CHANNEL = "deploys"


@dataclass(frozen=True)
class Span:
    """What was seen while it ran; the cluster's part is read from the audit log afterwards."""

    place: Place
    began: float
    probed: float
    healthy: float

    def way(self, world: World) -> Way:
        """With what the API server wrote down."""
        writes = [
            write
            for write in world.cluster.audit.writes(namespace=self.place.name)
            if write.name == SERVICE and write.resource.startswith("deployments")
        ]
        image = f"{manifests.IMAGE}:{GOOD}"
        patched, complete = in_the_cluster(writes, image=image, began=self.began, ended=self.healthy)
        return Way(self.began, patched, complete, self.probed, self.healthy, PAUSES)


async def by_kubectl(world: World, place: Place) -> Span:
    """`rollout undo`, `rollout status`, then the same probes, each round an interval after the last."""
    return await asyncio.to_thread(_by_kubectl, world, place)


def _by_kubectl(world: World, place: Place) -> Span:
    kubectl, what = world.cluster.kubectl, (f"deployment/{SERVICE}", "-n", place.name)
    began = time.time()
    kubectl("rollout", "undo", *what)
    kubectl("rollout", "status", *what, "--timeout=50s")
    probed = time.time()
    for number in range(PASSES):
        time.sleep(INTERVAL if number else 0)
        _probe(world.healthy.url)
    return Span(place, began, probed, time.time())


def _probe(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    for path in PATHS:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()


async def by_the_bot(world: World, place: Place) -> Span:
    """Casey asks and confirms; it begins when the click reaches the bot and ends with the commit of healthy."""
    casey, known = world.slack.person("casey"), _runs(world, place)
    seen = {message.ts for message in await casey.messages(_CHANNEL)}

    def offered(message: Message) -> bool:
        return message.ts not in seen and "Roll back now" in message.buttons

    await casey.command(_CHANNEL, f"/rollback {SERVICE} {place.name} to {GOOD}")
    question = await casey.sees(_CHANNEL, offered, seconds=_PATIENCE)
    before = len(world.slack.journal.envelopes)
    await casey.click(question, "Roll back now")
    click = next(each for each in world.slack.journal.envelopes[before:] if each.type == "interactive")
    began = time.time() - (time.monotonic() - click.sent)
    stream = await until(lambda: _ended(world, place, known), seconds=_PATIENCE, what="the rollback to end well")
    probed = next(at for at in world.healthy.asked if at > began)
    return Span(place, began, probed, _committed(world, stream))


def _runs(world: World, place: Place) -> dict[str, str]:
    """The rollbacks of a place: stream -> status."""
    query: LiteralString = (
        "select name, state->>'status' from streams where name ~ '^run/R' and state->>'environment' = %s"
    )
    return {str(name): str(status) for name, status in _ask(world, query, place.name)}


def _ended(world: World, place: Place, known: Collection[str]) -> str:
    """The stream of the rollback that is not known, once it has ended well."""
    found = {name: status for name, status in _runs(world, place).items() if name not in known}
    if lost := [status for status in found.values() if status not in ("planning", "running", "succeeded")]:
        raise RuntimeError(f"the rollback ended otherwise than well: {lost}")
    return next((name for name, status in found.items() if status == "succeeded"), "")


def _committed(world: World, stream: str) -> float:
    """When it was committed that the service is healthy; seconds since 1970."""
    query: LiteralString = (
        "select extract(epoch from pg_xact_commit_timestamp(xmin)) from events where stream = %s "
        "and data::jsonb->>'kind' = 'recorded' and data::jsonb->>'step' = 'health' "
        "and data::jsonb->'outcome'->>'kind' = 'done'"
    )
    [(at,)] = _ask(world, query, stream)
    return float(str(at))


def _ask(world: World, query: LiteralString, value: str) -> list[tuple[object, ...]]:
    return world.postgres.execute(query, (value,), database="opsbot")
