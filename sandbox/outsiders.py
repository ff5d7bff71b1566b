"""What outsiders say: the cluster, the databases, the service's own port, the file, Slack itself."""

import asyncio
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
    ask = world.cluster.kubectl.json  # aside, since the local Slack may live in this loop
    deployment = await asyncio.to_thread(ask, "get", "deployment", SERVICE, "-n", namespace)
    pods = (await asyncio.to_thread(ask, "get", "pods", "-n", namespace, "-l", f"app={SERVICE}"))["items"]
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


async def conversation(world: World, channel: str) -> str:
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
    places = {channel: await conversation(world, channel) for channel in {r[1] for r in rows}}
    standing = {(channel, m.ts) for channel, place in places.items() for m in await watcher.messages(place)}
    return [key for key, channel, ts in rows if ts is None or (channel, ts) not in standing]


@dataclass(frozen=True)
class Admitted:
    """What the bot's database has of a tenant of production."""

    gates: frozenset[str]  # passed on the release
    live: str  # short commit of the release that it is live on, "" where it is not
    finding: tuple[str, ...]  # severity of what its run found, and who took it on; () for none


def admitted(world: World, tenant: str, commit: str, run: str) -> Admitted:
    """Ask the tables that the database itself keeps, and the finding of the run."""
    passes = world.sql(
        "opsbot",
        "select gate from gate_passes where environment = 'production' and tenant = %(tenant)s "
        "and left(release, 7) = %(commit)s",
        tenant=tenant,
        commit=commit,
    )
    live = world.sql(
        "opsbot",
        "select left(release, 7) from tenants_live where environment = 'production' and tenant = %(tenant)s",
        tenant=tenant,
    )
    finding = world.sql(
        "opsbot",
        "select state->>'severity', state->>'acknowledged_by' from streams where name = %(name)s",
        name=f"finding/{run}.tenant-gate-failed",
    )
    return Admitted(
        frozenset(str(gate) for (gate,) in passes),
        str(live[0][0]) if live else "",
        tuple(map(str, finding[0])) if finding else (),
    )


def runs_of(world: World, service: str) -> dict[str, list[str]]:
    """The hashes of the events of every run of a service, in order."""
    rows = world.sql(
        "opsbot",
        "select split_part(stream, '/', 2), array_agg(events.hash order by events.version) "
        "from events join streams on name = stream "
        "where name ~ '^run/' and state->>'service' = %(service)s group by stream",
        service=service,
    )
    return {str(run): list(hashes) for run, hashes in rows}


def handed_over(world: World, service: str) -> tuple[str, str]:
    """Who got the newest audit pack, and its SHA-256, as it is recorded; empty where the newest did not get out."""
    rows = world.sql(
        "opsbot",
        "select data from events where stream = %(stream)s order by version desc limit 1",
        stream=f"audit/{service}",
    )
    told = json.loads(rows[0][0]) if rows else {}
    return str(told.get("to", "")), str(told.get("archive", ""))


async def holders_of(world: World, file: str) -> frozenset[str]:
    """The names of everybody who is in a conversation where a file of this name stands, without the bot."""
    async with httpx.AsyncClient() as client:
        channels = (await client.get(f"{world.slack.page_url}_control/state")).json()["channels"]
    watcher = world.person("riley")
    holding = [
        member
        for channel in channels
        for message in await watcher.messages(channel["id"])
        if any(each["name"] == file for each in message.files)
        for member in channel["members"]
    ]
    return frozenset(name for name, identity in world.slack.users.items() if identity in holding)
