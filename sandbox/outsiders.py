"""What outsiders say about production: the cluster, the service's database, its own port, the file, Slack itself."""

import json
from dataclasses import dataclass

import httpx

from sandbox.world import PLACES, SERVICE, World


@dataclass(frozen=True)
class Facts:
    """One look from outside."""

    images: frozenset[str]  # tags that the Ready pods run
    ready: int
    wanted: int
    answers: frozenset[str]  # versions that the service's port answered with
    schema: str  # last migration that the ledger has as applied
    known_good: str  # short commit in the file


async def look(world: World, environment: str = "production") -> Facts:
    """Ask everybody."""
    namespace = PLACES[environment]
    deployment = world.cluster.kubectl.json("get", "deployment", SERVICE, "-n", namespace)
    pods = world.cluster.kubectl.json("get", "pods", "-n", namespace, "-l", f"app={SERVICE}")["items"]
    live = [p for p in pods if "deletionTimestamp" not in p["metadata"]]
    file = world.folder / "state" / SERVICE / environment / "last-known-good.json"
    return Facts(
        images=frozenset(p["spec"]["containers"][0]["image"].rpartition(":")[2] for p in live if _ready(p)),
        ready=sum(map(_ready, live)),
        wanted=deployment["spec"]["replicas"],
        answers=await _answers(world.urls[environment]),
        schema=_schema(world, environment),
        known_good=json.loads(file.read_text())["git_sha"] if file.exists() else "",
    )


def _ready(pod: dict[str, object]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []  # type: ignore[attr-defined] # JSON
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


async def _answers(url: str, times: int = 6) -> frozenset[str]:
    async with httpx.AsyncClient() as client:
        found = set()
        for _ in range(times):
            answer = await client.get(f"{url}/version")
            found.add(answer.json()["version"] if answer.is_success else f"HTTP {answer.status_code}")
        return frozenset(found)


def _schema(world: World, environment: str) -> str:
    rows = world.sql(environment, "select name from opsbot.migrations where state = 'applied' order by number")
    return str(rows[-1][0]).removesuffix(".sql") if rows else ""


async def _conversation(world: World, channel: str) -> str:
    """The channel, or the conversation between the bot and the person of this id."""
    if not channel.startswith("U"):
        return channel
    headers = {"authorization": f"Bearer {world.slack.bot_token}"}
    async with httpx.AsyncClient(headers=headers) as client:
        answer = await client.post(f"{world.slack.api_url}conversations.open", data={"users": channel})
    return str(answer.json()["channel"]["id"])


async def missing_messages(world: World) -> list[str]:
    """Messages that the bot believes to have posted and that do not stand in Slack, by key."""
    # of an incident's channel its id is kept, where a message has its time stamp: its card stands in it
    rows = world.sql(
        "opsbot", "select key, channel, ts from messages where key !~ '^incident/.*/channel$' order by key"
    )
    watcher = world.person("riley")
    places = {channel: await _conversation(world, channel) for channel in {r[1] for r in rows}}
    standing = {(channel, m.ts) for channel, place in places.items() for m in await watcher.messages(place)}
    return [key for key, channel, ts in rows if ts is None or (channel, ts) not in standing]
