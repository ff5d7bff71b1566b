"""Raw objects as a cluster would show them, for tests of what is decided from them; small, and only what is read."""

import copy
from typing import Any

from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.vocabulary import Json

OLD = "registry.example/solvereign-api:v41"
NEW = "registry.example/solvereign-api:v42"


def template(image: str = NEW, **extra: Any) -> Json:
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "api", "image": image}], **extra},
    }


def deployment(*, wanted: int = 3, template_: Json | None = None, **status: Any) -> Json:
    shown = {
        "observedGeneration": 2,
        "replicas": wanted,
        "updatedReplicas": wanted,
        "availableReplicas": wanted,
    }
    return {
        "metadata": {"name": "web", "uid": "d-1", "generation": 2, "annotations": {}},
        "spec": {
            "replicas": wanted,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template_ or template(),
        },
        "status": shown | status,
    }


def replica_set(name: str, image: str = NEW, *, replicas: int = 3, ready: int = 0, **status: Any) -> Json:
    hashed = template(image)
    hashed["metadata"]["labels"] = {**hashed["metadata"]["labels"], "pod-template-hash": name}
    return {
        "metadata": {"name": f"web-{name}", "uid": f"r-{name}", "ownerReferences": [{"uid": "d-1"}]},
        "spec": {"template": hashed},
        "status": {"replicas": replicas, "readyReplicas": ready} | status,
    }


def pod(name: str, *, of: str = "new", ready: bool = False, restarts: int = 0, **status: Any) -> Json:
    running = {"running": {"startedAt": "2026-11-24T10:00:00Z"}}
    container = {"name": "api", "ready": ready, "restartCount": restarts, "state": running, "started": True}
    container |= {key: status.pop(key) for key in ("state", "lastState", "started", "imageID") if key in status}
    return {
        "metadata": {"name": f"web-{of}-{name}", "uid": f"p-{name}", "ownerReferences": [{"uid": f"r-{of}"}]},
        "spec": {"containers": [{"name": "api"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [container],
        }
        | status,
    }


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error") -> Json:
    return {"terminated": {"exitCode": code, "reason": reason}}


def rolled(*pods: Json, wanted: int = 3, **status: Any) -> Observed:
    """A rollout under way: the new ReplicaSet has these pods, the three of the old one are ready."""
    counts = {"updatedReplicas": len(pods), "availableReplicas": 3, "replicas": 3 + len(pods)}
    ready = sum(p["status"]["containerStatuses"][0]["ready"] for p in pods if p["status"].get("containerStatuses"))
    return Observed(
        deployment(wanted=wanted, **(counts | status)),
        (replica_set("new", replicas=len(pods), ready=ready), replica_set("old", OLD, ready=3)),
        pods,
    )


def settled(*, restarts: int = 0, **status: Any) -> Observed:
    """A rollout that has come to its end."""
    pods = tuple(pod(str(i), ready=True, restarts=restarts) for i in range(3))
    sets = (replica_set("new", ready=3), replica_set("old", OLD, replicas=0))
    return Observed(deployment(**status), sets, pods)


def changed(raw: Json, **spec: Any) -> Json:
    """A copy with other fields in its spec."""
    other = copy.deepcopy(raw)
    other["spec"] |= spec
    return other
