"""Where a rollout stands, decided from what was read: going on, complete, or doomed. Pure.

The counts decide; conditions mislead (a stale one may stand for ever) and are read only for refusals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from runbooks.steps.kubernetes.deployments import (
    is_paused,
    name_of,
    replicas_of,
    template_of,
    uid_of,
    why_zero,
    without_hash,
)
from runbooks.steps.kubernetes.rollout_signs import WAITING, Kind, Sign, sign_of
from runbooks.vocabulary import Json

SLOW = 3  # times the grace, for signs that a rollout which ends well may show for a while


@dataclass(frozen=True)
class Observed:
    """A Deployment and all that belongs to it, raw; `events` are the warnings, by the uid of what they are about."""

    deployment: Json
    replica_sets: Sequence[Json] = ()
    pods: Sequence[Json] = ()
    events: Mapping[str, Sequence[Json]] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """How many pods there are: wanted, of the new template and of older ones."""

    wanted: int
    new: int
    new_ready: int
    old: int
    old_ready: int


@dataclass(frozen=True)
class Progressing:
    """It goes on; `since` says from when on each sign has stood."""

    line: str
    since: Mapping[Kind, datetime]


@dataclass(frozen=True)
class Complete:
    """All wanted pods run the new template and are available, and no older one is left; restarts by pod."""

    pods: int
    restarts: Mapping[str, int]
    since: Mapping[Kind, datetime]


@dataclass(frozen=True)
class Doomed:
    """It will not end well; `sentence` says why, `sign` is of the pod to look at."""

    sentence: str
    sign: Sign
    counts: Counts


State = Progressing | Complete | Doomed


def judge(seen: Observed, *, since: Mapping[Kind, datetime], now: datetime, grace: timedelta) -> State:
    """Where it stands now; `since` is what the last look answered."""
    signs = _signs(seen)
    standing = {kind: since.get(kind, now) for kind in signs}
    if _is_complete(seen):
        restarts = {p["metadata"]["name"]: restarts_of(p) for p in new_pods(seen)}
        return Complete(replicas_of(seen.deployment), restarts, standing)
    for kind, found in signs.items():
        if now - standing[kind] >= grace * (SLOW if kind.slow else 1):
            counts = count(seen)
            return Doomed(_sentence(seen, found, counts, now - standing[kind]), _shown(found), counts)
    return Progressing(_line(seen), standing)


def target(seen: Observed) -> Json | None:
    """The ReplicaSet that has the Deployment's template; None before the controller has made it."""
    wanted = without_hash(template_of(seen.deployment))
    owned = [r for r in seen.replica_sets if _owned_by(r, uid_of(seen.deployment))]
    same = [r for r in owned if without_hash(template_of(r)) == wanted]
    return min(same, key=lambda r: str(r["metadata"].get("creationTimestamp")), default=None)


def new_pods(seen: Observed) -> list[Json]:
    """The pods of the new template that are not being taken down, by name."""
    found = target(seen)
    if found is None:
        return []
    owned = [p for p in seen.pods if _owned_by(p, uid_of(found)) and not p["metadata"].get("deletionTimestamp")]
    return sorted(owned, key=name_of)


def count(seen: Observed) -> Counts:
    """The pods, counted by the ReplicaSets' own status."""
    found = target(seen)
    old = [r for r in seen.replica_sets if _owned_by(r, uid_of(seen.deployment)) and r is not found]
    return Counts(
        wanted=replicas_of(seen.deployment),
        new=_status(found, "replicas"),
        new_ready=_status(found, "readyReplicas"),
        old=sum(_status(r, "replicas") for r in old),
        old_ready=sum(_status(r, "readyReplicas") for r in old),
    )


def standing(seen: Observed, long_ago: datetime) -> str:
    """What a rollout that was complete shows by now, as a clause; "" where all is well.

    A pod that only starts is none of it, unless it was made before `long_ago`.
    """
    fallen = [pod for pod in new_pods(seen) if not is_ready(pod)]
    if found := next(iter(_signs(replace(seen, pods=fallen)).values()), []):
        sign = _shown(found)
        if sign.kind is Kind.ZERO:
            return f"zero replicas ({why_zero(seen.deployment)})"
        if sign.kind in _NO_PODS:
            return f"{_NO_PODS[sign.kind].lower()} ({sign.reason})"
        return _how_many(seen, found)
    slow = [pod for pod in fallen if datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) < long_ago]
    return f"{len(slow)} of {len(new_pods(seen))} still not ready" if slow else ""


def is_ready(pod: Json) -> bool:
    """Whether its condition says so."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _is_complete(seen: Observed) -> bool:
    status, wanted = seen.deployment.get("status", {}), replicas_of(seen.deployment)
    updated = status.get("updatedReplicas", 0)
    return (
        wanted > 0
        and target(seen) is not None
        and status.get("observedGeneration", 0) >= seen.deployment["metadata"]["generation"]
        and updated >= wanted
        and status.get("replicas", 0) <= updated
        and status.get("availableReplicas", 0) >= updated
    )


def _signs(seen: Observed) -> dict[Kind, list[Sign]]:
    """All signs by kind, the most telling kind first."""
    found = [s for p in new_pods(seen) if (s := sign_of(p, seen.events.get(uid_of(p), ())))]
    found += _refusals(seen)
    return {kind: same for kind in Kind if (same := [s for s in found if s.kind is kind])}


def _refusals(seen: Observed) -> list[Sign]:
    """What the cluster refuses to make: no pods wanted, no ReplicaSet, or no pods for it."""
    if replicas_of(seen.deployment) == 0:
        return [Sign(Kind.ZERO, "zero replicas")]
    found = target(seen)
    if found is None:
        refused = _condition(seen.deployment, "Progressing")
        is_refused = refused.get("reason") == "ReplicaSetCreateError"
        return [Sign(Kind.REFUSED, refused["reason"], message=refused.get("message", ""))] if is_refused else []
    failure = _condition(found, "ReplicaFailure")
    if failure.get("status") != "True":
        return []
    return [Sign(Kind.QUOTA, failure.get("reason", "FailedCreate"), message=failure.get("message", ""))]


def _line(seen: Observed) -> str:
    counts, deployment = count(seen), seen.deployment
    if is_paused(deployment):
        return f"paused: resume Deployment {name_of(deployment)} and it goes on"
    if counts.new_ready >= counts.wanted and counts.old:
        return f"{counts.new_ready} of {counts.wanted} new pods ready, {_pods(counts.old, 'old pod')} still there"
    return f"{min(counts.new_ready, counts.wanted)} of {counts.wanted} new pods ready"


_OPENINGS = {
    Kind.MEMORY: "New pods run out of memory",
    Kind.CRASH: "New pods crash",
    Kind.IMAGE: "New pods can't get their image",
    Kind.CONFIG: "New pods can't be configured",
    Kind.HOOK: "New pods fail in a lifecycle hook",
    Kind.VOLUME: "New pods wait for a volume",
    Kind.SANDBOX: "New pods can't be set up on their node",
    Kind.EVICTED: "New pods don't stay",
    Kind.UNPLACED: "New pods find no node",
    Kind.UNREADY: "New pods don't become ready",
}
_NO_PODS = {
    Kind.QUOTA: "The cluster refuses to create the new pods",
    Kind.REFUSED: "The cluster refuses to create the new ReplicaSet",
}
_STATES = {
    Kind.UNREADY: "running but not ready",
    Kind.VOLUME: "without their volume",
    Kind.SANDBOX: "not started",
    Kind.UNPLACED: "unschedulable",
    Kind.EVICTED: "failed or evicted",
}


def _sentence(seen: Observed, found: Sequence[Sign], counts: Counts, lasted: timedelta) -> str:
    sign, seconds = _shown(found), f"for {spoken(lasted)}"
    if sign.kind is Kind.ZERO:
        name = name_of(seen.deployment)
        return f"Deployment {name} has zero replicas ({why_zero(seen.deployment)}), so no pod runs. Scale it up."
    if sign.kind in _NO_PODS:
        return f"{_NO_PODS[sign.kind]} {seconds} ({sign.reason}). {old_pods(counts)}"
    return f"{_OPENINGS[sign.kind]}: {_how_many(seen, found)} {seconds}. {old_pods(counts)}"


def _how_many(seen: Observed, found: Sequence[Sign]) -> str:
    sign = _shown(found)
    return f"{len(found)} of {len(new_pods(seen))} {_STATES.get(sign.kind) or _state(sign)}"


def _state(sign: Sign) -> str:
    if sign.reason in WAITING:
        return f"in {sign.reason}"
    return f"ended with exit code {sign.exit_code}"


def old_pods(counts: Counts) -> str:
    """What still serves, as a sentence."""
    if counts.old_ready:
        return f"Old pods still serve ({counts.old_ready} of {counts.old} ready)."
    if counts.new_ready:
        return f"Only new pods serve ({counts.new_ready} of {counts.wanted} ready)."
    return "No pod is ready."


def _shown(found: Sequence[Sign]) -> Sign:
    """The sign to show: of a pod that has ended once, so that there are last lines."""
    return next((s for s in found if s.exit_code is not None), found[0])


def spoken(lasted: timedelta) -> str:
    """A span in words: 20 s, 10 min."""
    seconds = int(lasted.total_seconds())
    return f"{seconds // 60} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds} s"  # noqa: PLR2004  # a minute


def _pods(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _condition(raw: Json, kind: str) -> Json:
    return next((c for c in raw.get("status", {}).get("conditions") or () if c["type"] == kind), {})


def _status(raw: Json | None, key: str) -> int:
    return int((raw or {}).get("status", {}).get(key, 0))


def restarts_of(pod: Json) -> int:
    """How often the containers of a pod were restarted, all together."""
    status = pod.get("status", {})
    groups = ("initContainerStatuses", "containerStatuses")
    return sum(c.get("restartCount", 0) for group in groups for c in status.get(group) or ())


def _owned_by(raw: Json, uid: str) -> bool:
    return any(o.get("uid") == uid for o in raw["metadata"].get("ownerReferences") or ())
