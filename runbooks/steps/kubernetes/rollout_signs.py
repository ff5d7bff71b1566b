"""Why new pods will not come up: the signs that their statuses and events show, long before a deadline. Pure.

A sign alone decides nothing; one that stays for its grace dooms the rollout (`rollout_state`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbooks.vocabulary import Json


class Kind(StrEnum):
    """What is wrong, the most telling first."""

    MEMORY = "memory"
    CRASH = "crash"
    IMAGE = "image"
    CONFIG = "config"
    HOOK = "hook"
    VOLUME = "volume"
    SANDBOX = "sandbox"
    EVICTED = "evicted"
    UNPLACED = "unplaced"
    UNREADY = "unready"
    QUOTA = "quota"
    REFUSED = "refused"
    ZERO = "zero"

    @property
    def slow(self) -> bool:
        """Whether a rollout that ends well may show it for a while."""
        return self in _SLOW


_SLOW = {Kind.VOLUME, Kind.SANDBOX, Kind.EVICTED, Kind.UNPLACED, Kind.UNREADY, Kind.ZERO}

WAITING = {
    "CrashLoopBackOff": Kind.CRASH,
    "RunContainerError": Kind.CRASH,
    "ErrImagePull": Kind.IMAGE,
    "ImagePullBackOff": Kind.IMAGE,
    "ErrImageNeverPull": Kind.IMAGE,
    "InvalidImageName": Kind.IMAGE,
    "ImageInspectError": Kind.IMAGE,
    "RegistryUnavailable": Kind.IMAGE,
    "SignatureValidationFailed": Kind.IMAGE,
    "CreateContainerConfigError": Kind.CONFIG,
    "CreateContainerError": Kind.CONFIG,
    "PreStartHookError": Kind.HOOK,
    "PostStartHookError": Kind.HOOK,
}
"""The reasons for which a container waits in vain."""

_FROM_EVENTS = {
    "FailedMount": Kind.VOLUME,
    "FailedAttachVolume": Kind.VOLUME,
    "FailedCreatePodSandBox": Kind.SANDBOX,
}
_STILL_STARTING = {"ContainerCreating", "PodInitializing"}
_OFTEN = 3  # restarts after which a pod that is ready just now still counts as crashing


@dataclass(frozen=True)
class Sign:
    """What one pod shows."""

    kind: Kind
    reason: str  # the field's own word: CrashLoopBackOff
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    message: str = ""
    restarted: bool = False  # its last lines are those of the run before


def sign_of(pod: Json, events: Sequence[Json]) -> Sign | None:
    """The most telling sign of one pod; None where it is well, or only still starting."""
    found = [*_of_containers(pod), *_of_pod(pod, events)]
    order = list(Kind)
    return min(found, key=lambda sign: order.index(sign.kind), default=None)


def _of_containers(pod: Json) -> Iterator[Sign]:
    status = pod.get("status", {})
    for group in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(group) or ():
            if sign := _of_container(pod, container, initial=group == "initContainerStatuses"):
                yield sign


def _of_container(pod: Json, status: Json, *, initial: bool) -> Sign | None:
    state = status.get("state") or {}
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    restarts = status.get("restartCount", 0)
    waiting = (state.get("waiting") or {}).get("reason", "")
    if waiting in WAITING:
        kind, reason = WAITING[waiting], waiting
    elif ended and _is_crash(status, ended, initial=initial):
        kind, reason = Kind.CRASH, ended.get("reason", "Error")
    else:
        return None
    if ended and ended.get("reason") == "OOMKilled":
        kind, reason = Kind.MEMORY, "OOMKilled"
    return Sign(
        kind,
        reason,
        pod=pod["metadata"]["name"],
        container=status["name"],
        exit_code=ended.get("exitCode") if ended else None,
        message=(state.get("waiting") or {}).get("message", ""),
        restarted=restarts > 0 and "terminated" not in state,
    )


def _is_crash(status: Json, ended: Json, *, initial: bool) -> bool:
    """Whether a container that ended did so in vain: an init container is to end, and well."""
    if initial and ended.get("exitCode") == 0:
        return False
    return not status.get("ready") or status.get("restartCount", 0) >= _OFTEN


def _of_pod(pod: Json, events: Sequence[Json]) -> Iterator[Sign]:
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    if status.get("phase") == "Failed":
        yield Sign(Kind.EVICTED, status.get("reason", "Failed"), pod=name, message=status.get("message", ""))
        return
    placed = conditions.get("PodScheduled", {})
    if placed.get("status") == "False":
        yield Sign(Kind.UNPLACED, placed.get("reason", "Unschedulable"), pod=name, message=placed.get("message", ""))
    if any(_waits(c) in _STILL_STARTING for c in _statuses(pod)):
        yield from _of_events(name, events)
    yield from _unready(name, pod, conditions, events)


def _of_events(name: str, events: Sequence[Json]) -> Iterator[Sign]:
    for event in events:
        if kind := _FROM_EVENTS.get(event.get("reason", "")):
            yield Sign(kind, event["reason"], pod=name, message=event.get("message", ""))


def _unready(name: str, pod: Json, conditions: dict[str, Json], events: Sequence[Json]) -> Iterator[Sign]:
    """A pod whose containers all run, and that does not become ready."""
    running = [
        c for c in _statuses(pod, initial=False) if "running" in (c.get("state") or {}) and c.get("started", True)
    ]
    if len(running) < len(pod["spec"]["containers"]) or conditions.get("Ready", {}).get("status") == "True":
        return
    failing = next((c["name"] for c in running if not c.get("ready")), "")
    reason = "Unhealthy" if failing else conditions.get("Ready", {}).get("reason", "ReadinessGatesNotReady")
    probe = next((e.get("message", "") for e in reversed(events) if e.get("reason") == "Unhealthy"), "")
    yield Sign(Kind.UNREADY, reason, pod=name, container=failing, message=probe)


def _statuses(pod: Json, *, initial: bool = True) -> list[Json]:
    status = pod.get("status", {})
    first = status.get("initContainerStatuses") or [] if initial else []
    return [*first, *(status.get("containerStatuses") or [])]


def _waits(status: Json) -> str:
    return str(((status.get("state") or {}).get("waiting") or {}).get("reason", ""))
