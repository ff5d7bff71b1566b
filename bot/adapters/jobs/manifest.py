"""The Job that runs a command: no rights, no second try, no secrets but those it names; and its stone."""

from collections.abc import Mapping

from runbooks.steps.command import Task
from runbooks.steps.kubernetes.deployments import EPOCH
from runbooks.vocabulary import Json

CONTAINER = "command"
_ACCOUNT = "opsbot-job"  # deploy/kubernetes/base/jobs.yaml; it has no rights
_ENDED = "opsbot.dev/ended"
_KEPT_SECONDS = 24 * 60 * 60  # then the cluster removes it; its name fences late starts until then
_OVERTIME_SECONDS = 60  # the bot ends it in time and keeps its output; this is for when there is no bot
_GRACE_SECONDS = 5  # between SIGTERM and SIGKILL
_RESOURCES = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}}


def job(task: Task) -> Json:
    """The Job, as it is created."""
    timeout = int(task.timeout.total_seconds())
    spec = {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 0,
        "podReplacementPolicy": "Failed",  # never two pods at once
        "activeDeadlineSeconds": timeout + _OVERTIME_SECONDS,
        "ttlSecondsAfterFinished": _KEPT_SECONDS,
        "template": {"metadata": {"labels": _labels(task)}, "spec": _pod(task)},
    }
    metadata = {"name": task.name, "labels": _labels(task), "annotations": {EPOCH: str(task.epoch)}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def stone(task: Task) -> Json:
    """A Job of the same name that wants no pod: while it stands, nobody can create the real one."""
    found = job(task)
    found["metadata"]["labels"] |= {_ENDED: "true"}
    found["spec"] |= {"parallelism": 0, "completions": 0}
    return found


def is_stone(found: Json) -> bool:
    """Whether the Job was ended by a holder of its run."""
    return _ENDED in (found["metadata"].get("labels") or {})


def epoch_of(found: Json) -> int:
    """The epoch of the holder that created it; 0 where it does not say."""
    text = (found["metadata"].get("annotations") or {}).get(EPOCH, "")
    return int(text) if text.isdecimal() else 0


def _labels(task: Task) -> dict[str, str]:
    return {
        "app.kubernetes.io/managed-by": "opsbot",
        "opsbot.dev/run": task.run,
        "opsbot.dev/step": task.step,
    }


def _pod(task: Task) -> Json:
    return {
        "restartPolicy": "Never",
        "serviceAccountName": _ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": CONTAINER,
                "image": task.image,
                "command": [_literal(part) for part in task.argv],
                "env": [*_literals(task.env), *_references(task)],
                "resources": _RESOURCES,
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


def _literals(env: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "value": _literal(value)} for name, value in env.items()]


def _references(task: Task) -> list[Json]:
    """Variables that the kubelet fills in, so that what a Secret holds passes by us."""
    kinds = (("secretKeyRef", task.secrets), ("configMapKeyRef", task.config_maps))
    return [
        {"name": variable, "valueFrom": {kind: {"name": name, "key": key}}}
        for kind, references in kinds
        for variable, place in references.items()
        for name, _, key in [place.partition("/")]
    ]


def _literal(text: str) -> str:
    """Kubernetes replaces `$(NAME)` in arguments and values; we mean what stands there."""
    return text.replace("$", "$$")
