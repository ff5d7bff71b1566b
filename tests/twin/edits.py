"""The edits that people make by hand in the histories: how each is made, whether it stands, what it is called."""

from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.steps.kubernetes.workloads import Patch
from runbooks.vocabulary import Json
from sandbox.service import manifests
from tests.steps.kube import json_patch

_API = "/spec/template/spec/containers/0"
HOTFIX = f"{manifests.IMAGE}:hotfix"
_PROBE = 7  # seconds
_AT = "2026-11-24T10:00:00Z"
_RESTARTED = "kubectl.kubernetes.io/restartedAt"
_OWNER = "example.com/on-call"


@dataclass(frozen=True)
class Edit:
    """One kind: who makes it, the patch, and the words that must name it (none: nothing can be lost)."""

    manager: str
    patch: Patch
    called: str


def edit_of(kind: str, template: Json) -> Edit:
    """The edit of a kind, for a template as it is now."""
    match kind:
        case "env":
            variable = {"name": "FEATURE_X", "value": "on"}
            return Edit(
                "kubectl-edit", json_patch("add", f"{_API}/env/-", variable), "env FEATURE_X of container api"
            )
        case "resources":
            wanted = {"limits": {"memory": "2Gi"}}
            return Edit("kubectl-set", json_patch("add", f"{_API}/resources", wanted), "resources of container api")
        case "image":
            return Edit("kubectl-set", json_patch("replace", f"{_API}/image", HOTFIX), "image of container api")
        case "sidecar":
            shell = {"name": "debug", "image": f"{manifests.IMAGE}:debug"}
            patch = json_patch("add", "/spec/template/spec/containers/-", shell)
            return Edit("kubectl-patch", patch, "container debug (added)")
        case "probe":
            patch = json_patch("replace", f"{_API}/readinessProbe/periodSeconds", _PROBE)
            return Edit("kubectl-edit", patch, "readinessProbe of container api")
        case "annotation":
            return Edit("kubectl-edit", _annotate(template, _OWNER, "ada"), f"pod annotation {_OWNER}")
        case _:
            return Edit("kubectl-rollout", _annotate(template, _RESTARTED, _AT), "")


def stands(kind: str, template: Json) -> bool:
    """Whether an edit of this kind is in a template."""
    containers: Sequence[Json] = template["spec"]["containers"]
    api = containers[0]
    match kind:
        case "env":
            return any(one["name"] == "FEATURE_X" for one in api["env"])
        case "resources":
            return bool(api.get("resources", {}).get("limits"))
        case "image":
            return bool(api["image"] == HOTFIX)
        case "sidecar":
            return len(containers) > 1
        case "probe":
            return bool(api["readinessProbe"]["periodSeconds"] == _PROBE)
        case "annotation":
            return _OWNER in (template["metadata"].get("annotations") or {})
        case _:
            return False


def _annotate(template: Json, key: str, value: str) -> Patch:
    path = "/spec/template/metadata/annotations"
    if not template["metadata"].get("annotations"):
        return json_patch("add", path, {key: value})
    return json_patch("add", f"{path}/{key.replace('/', '~1')}", value)
