"""`deploy/kubernetes`, as it is shipped, put into the sandbox's control plane: the bot's rights and its policies."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from sandbox.cache import recipe_key
from sandbox.cluster.identities import OPSBOT, OPSBOT_USER
from sandbox.cluster.kubectl import Kubectl, KubectlFailed

Object = dict[str, Any]

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"
_SERVICE_FILE = "rights-solvereign-production.yaml"
AS_OPSBOT = (f"--as={OPSBOT_USER}", "--as-group=system:masters")
"""For an administrator's kubectl: the bot's user with every right there is, so that policies alone can refuse it."""
_REFUSED = {
    "opsbot-deployments": ("annotate", "deployment", OPSBOT, "-n", OPSBOT, "opsbot.dev/epoch=none"),
    "opsbot-nothing-else": ("create", "configmap", "refused", "-n", OPSBOT),
    "opsbot-jobs": ("create", "job", "refused", "--image=refused", "-n", "opsbot-jobs"),
}
"""Policy -> what it refuses."""
_SECONDS = 30
_POLL_SECONDS = 0.1


def install(kubectl: Kubectl, folder: Path) -> None:
    """Have all of it there, beside the namespaces that the services run in; return once the policies are in force.

    The control plane's folder keeps what was applied last: the same is not applied again.
    """
    mark, state = folder / "deployed", _state()
    if not mark.exists() or mark.read_text() != state:
        kubectl.apply([namespace(name) for name in sorted(_namespaces())])
        kubectl("apply", "--kustomize", str(MANIFESTS))
        kubectl("scale", "deployment", OPSBOT, "-n", OPSBOT, "--replicas=0")  # its image is nowhere: it runs beside
        mark.write_text(state)
    as_bot, deadline = Kubectl(kubectl.program, kubectl.kubeconfig, AS_OPSBOT), time.monotonic() + _SECONDS
    for policy in _REFUSED:
        while not _in_force(as_bot, policy):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The policy {policy} is not in force after {_SECONDS} s")
            time.sleep(_POLL_SECONDS)


def namespace(name: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service_rights(name: str) -> list[Object]:
    """A namespace in which the bot may do what it may do in that of the sample service."""
    objects = list(_objects(MANIFESTS / _SERVICE_FILE))
    for one in objects:
        one["metadata"]["namespace"] = name
    return [namespace(name), *objects]


def _state() -> str:
    files = sorted(path for path in MANIFESTS.rglob("*") if path.is_file())
    return recipe_key(*(part for path in files for part in (bytes(path.relative_to(MANIFESTS)), path.read_bytes())))


def _in_force(as_bot: Kubectl, policy: str) -> bool:
    try:
        as_bot(*_REFUSED[policy], "--dry-run=server")
    except KubectlFailed as refused:
        return f"'{policy}'" in str(refused)
    return False


def _namespaces() -> set[str]:
    """Those that a team has before it has the bot."""
    return {str(one["metadata"]["namespace"]) for file in MANIFESTS.glob("rights-*.yaml") for one in _objects(file)}


def _objects(file: Path) -> Iterable[Object]:
    return (one for one in yaml.safe_load_all(file.read_text()) if one)
