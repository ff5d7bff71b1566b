"""What a round came to: asked of the cluster, the API server's audit log, the service itself, and the records."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import httpx
import psycopg

from sandbox.cluster.audit import Write
from sandbox.cluster.identities import OPSBOT_USER
from tests.acceptance.records import Json, over
from tests.rollbacks.judge import Ran, Seen, Wrote
from tests.rollbacks.people import People
from tests.rollbacks.place import NAMESPACE, REPLICAS, Place

EPOCH, RUN = "opsbot.dev/epoch", "opsbot.dev/run"
_MIGRATED = """select run, extract(epoch from at) from outsider.events
where what = 'applied' and extract(epoch from at) >= %s order by at"""
_TIMES = 4  # requests: they go to the pods in turn


async def look(place: Place, people: People, *, since: float, before: Mapping[str, Json]) -> Seen:
    """Everything of a round that began then, when these runs were known."""
    release, deployment = await place.release_state(), await place.deployment()
    good = release["good"][0]
    runs = {run: state for run, state in (await place.runs()).items() if run not in before}
    pods = await ready_pods(place)
    image = str(good["workloads"][0]["template"]["spec"]["containers"][0]["image"])
    return Seen(
        good=good["workloads"][0]["template"],
        version=good["version"],
        template=deployment["spec"]["template"],
        ready=pods[image, True],
        wanted=deployment["spec"]["replicas"],
        others=pods.total() - pods[image, True],
        answers=await _answers(place.url),
        wrote=tuple(written(place.world.cluster.audit.writes("deployments", namespace=NAMESPACE), since)),
        migrated=_migrated(place, since),
        runs=tuple([await _ran(place, people, run, state) for run, state in runs.items()]),
        asked=tuple(people.asked),
    )


async def ready_pods(place: Place) -> Counter[tuple[str, bool]]:
    """How many pods there are by image and whether they are Ready, without those that are being taken down."""
    found = json.loads(await place.kubectl("get", "pods", "--output=json"))["items"]
    pods = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
    return Counter((str(pod["spec"]["containers"][0]["image"]), _is_ready(pod)) for pod in pods)


async def at_rest(place: Place) -> bool:
    """Whether the cluster has nothing left to do: the pods that are wanted are there, and no others."""
    status, pods = (await place.deployment()).get("status", {}), await ready_pods(place)
    return pods.total() == REPLICAS == status.get("updatedReplicas", 0) and all(ready for _, ready in pods)


def written(writes: list[Write], since: float) -> Iterator[Wrote]:
    """What the bot's user changed, with the holder and the run that each patch names."""
    for write in writes:
        at = write.at.timestamp()
        if write.user == OPSBOT_USER and write.effective and at >= since:
            patch = write.body if isinstance(write.body, list) else []
            moves = any(one["op"] != "test" and one["path"].startswith("/spec") for one in patch)
            yield Wrote(at, int(_annotated(patch, EPOCH) or 0), _annotated(patch, RUN), moves)


def _annotated(patch: list[Json], key: str) -> str:
    for one in patch:
        if one["op"] == "add" and one["path"] == "/metadata/annotations":
            return str(one["value"].get(key, ""))
        if one["op"] == "add" and one["path"].endswith(key.replace("/", "~1")):
            return str(one["value"])
    return ""


def _is_ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _answers(url: str) -> frozenset[str]:
    async with httpx.AsyncClient(headers={"connection": "close"}, trust_env=False) as client:
        answers = [await client.get(f"{url}/version") for _ in range(_TIMES)]
    return frozenset(str(a.json()["version"]) if a.is_success else f"HTTP {a.status_code}" for a in answers)


def _migrated(place: Place, since: float) -> tuple[tuple[str, float], ...]:
    with psycopg.connect(place.database_url) as connection:
        return tuple((str(run), float(at)) for run, at in connection.execute(_MIGRATED.encode(), [since]).fetchall())


async def _ran(place: Place, people: People, run: str, state: Json) -> Ran:
    events = await place.stage.records.events(run)
    taken = [e for e in events if _is_done(e, "take-over")]
    ended = [e for e in events if e["kind"] == "ended"]
    succeeded = state["status"] == "succeeded"
    return Ran(
        id=run,
        over=over(state),
        status=f"{state['status']} {state['reason']}".strip(),
        ended_at=_seconds(ended[0]) if ended else 0.0,
        taken_over_at=_seconds(taken[0]) if taken else 0.0,
        stopped=tuple(state["supersedes"]),
        card=await people.card(run, "✅ Done") if succeeded else "",
    )


def _seconds(event: Json) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def looked_at(events: list[Json]) -> float:
    """When a rollback recorded that the pods are back; infinitely late where it did not."""
    done = [e for e in events if _is_done(e, "revert")]
    return _seconds(done[-1]) if done else float("inf")


def _is_done(event: Json, step: str) -> bool:
    return event["kind"] == "recorded" and (event["step"], event["outcome"]["kind"]) == (step, "done")
