"""What a pod's status says, from what its containers are at; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.node.api import Json


@dataclass(frozen=True)
class Waiting:
    """Not running: yet, or just now."""

    reason: str
    message: str = ""


@dataclass(frozen=True)
class Running:
    """Running since."""

    since: datetime


@dataclass(frozen=True)
class Terminated:
    """Ended, and how."""

    exit_code: int
    started: datetime
    finished: datetime
    container_id: str = ""
    reason: str = ""
    message: str = ""


State = Waiting | Running | Terminated


@dataclass(frozen=True)
class ContainerStatus:
    """One container, now. `over` once nothing will start it again."""

    name: str
    image: str
    state: State = Waiting("ContainerCreating")
    last: Terminated | None = None
    image_id: str = ""
    container_id: str = ""
    restarts: int = 0
    ready: bool = False
    over: bool = False


def pod_status(
    pod: Json, containers: Sequence[ContainerStatus], *, address: str, before: Json, now: datetime
) -> Json:
    """The status to patch; `before` is the one sent last, whose times of unchanged conditions are kept."""
    phase = _phase(containers)
    return {
        "phase": phase,
        "observedGeneration": pod["metadata"].get("generation", 0),
        "startTime": before.get("startTime") or stamp(now),
        "hostIP": address,
        "hostIPs": [{"ip": address}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "containerStatuses": [_container(one) for one in containers],
        "conditions": _conditions(containers, phase=phase, before=before.get("conditions", []), now=now),
    }


def stamp(moment: datetime) -> str:
    """A time as the API writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _phase(containers: Sequence[ContainerStatus]) -> str:
    if all(one.over for one in containers):
        failed = any(not isinstance(one.state, Terminated) or one.state.exit_code for one in containers)
        return "Failed" if failed else "Succeeded"
    started = all(not isinstance(one.state, Waiting) or one.last is not None for one in containers)
    return "Running" if started else "Pending"


def _conditions(
    containers: Sequence[ContainerStatus], *, phase: str, before: Sequence[Json], now: datetime
) -> list[Json]:
    unready = [one.name for one in containers if not one.ready]
    why: Json = {}
    if phase in {"Succeeded", "Failed"}:
        why = {"reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}
    elif unready:
        why = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(unready)}]"}
    wanted = [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Initialized", "status": "True"},
        {"type": "ContainersReady", "status": str(not unready), **why},
        {"type": "Ready", "status": str(not unready), **why},
    ]
    since = {(old["type"], old["status"]): old["lastTransitionTime"] for old in before}
    # A field that no longer holds is sent as null, or the merge would keep it.
    return [
        {
            "reason": None,
            "message": None,
            **one,
            "lastTransitionTime": since.get((one["type"], one["status"]), stamp(now)),
        }
        for one in wanted
    ]


def _container(one: ContainerStatus) -> Json:
    return {
        "name": one.name,
        "image": one.image,
        "imageID": one.image_id,
        "containerID": one.container_id,
        "restartCount": one.restarts,
        "ready": one.ready,
        "started": isinstance(one.state, Running),
        "state": _state(one.state),
        "lastState": _state(one.last) if one.last else {},
    }


def _state(state: State) -> Json:
    match state:
        case Waiting():
            return {"waiting": {"reason": state.reason, **({"message": state.message} if state.message else {})}}
        case Running():
            return {"running": {"startedAt": stamp(state.since)}}
        case Terminated():
            return {
                "terminated": {
                    "exitCode": state.exit_code,
                    "reason": state.reason or ("Error" if state.exit_code else "Completed"),
                    "startedAt": stamp(state.started),
                    "finishedAt": stamp(state.finished),
                    "containerID": state.container_id,
                    **({"message": state.message} if state.message else {}),
                }
            }
