"""What deploy/kubernetes gives the bot: enough for its work, and nothing more."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.kubectl import Kubectl, KubectlFailed
from sandbox.cluster.rights import MANIFESTS

pytestmark = pytest.mark.cluster

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
_PRODUCTION = "solvereign-production"
_JOBS = "opsbot-jobs"
_NAME = "solvereign-api"

_MAY = [
    (_PRODUCTION, "get", "apps/deployments", _NAME),
    (_PRODUCTION, "patch", "apps/deployments", _NAME),
    (_PRODUCTION, "watch", "apps/deployments", _NAME),
    *[(_PRODUCTION, verb, "apps/replicasets", "") for verb in ("get", "list", "watch")],
    *[(_PRODUCTION, verb, "/pods", "") for verb in ("get", "list", "watch")],
    *[(_PRODUCTION, verb, "/events", "") for verb in ("get", "list", "watch")],
    (_PRODUCTION, "get", "/pods/log", ""),
    (_PRODUCTION, "get", "/configmaps", "solvereign-env"),
    (_PRODUCTION, "patch", "/configmaps", f"{_NAME}-last-known-good"),
    ("solvereign-staging", "patch", "apps/deployments", _NAME),
    *[(_JOBS, verb, "batch/jobs", "") for verb in ("create", "get", "list", "delete")],
    (_JOBS, "list", "/pods", ""),
    (_JOBS, "get", "/pods/log", ""),
]
_MAY_NOT = [
    (_PRODUCTION, "patch", "apps/deployments", "somebody-elses"),
    (_PRODUCTION, "list", "apps/deployments", ""),
    *[(_PRODUCTION, verb, "apps/deployments", _NAME) for verb in ("create", "update", "delete", "deletecollection")],
    *[(_PRODUCTION, "patch", f"apps/deployments/{part}", _NAME) for part in ("scale", "status")],
    *[(_PRODUCTION, verb, "apps/replicasets", "") for verb in ("patch", "delete")],
    *[(_PRODUCTION, verb, "/pods", "") for verb in ("create", "patch", "delete")],
    *[
        (_PRODUCTION, "create", f"/pods/{part}", "")
        for part in ("exec", "attach", "portforward", "proxy", "eviction")
    ],
    (_PRODUCTION, "get", "/pods/exec", ""),
    (_PRODUCTION, "patch", "/pods/ephemeralcontainers", ""),
    *[(_PRODUCTION, verb, "/configmaps", "") for verb in ("list", "watch", "patch", "create")],
    *[(_PRODUCTION, verb, "/secrets", "") for verb in ("get", "list", "watch", "create")],
    (_PRODUCTION, "create", "/serviceaccounts/token", "default"),
    (_PRODUCTION, "create", "batch/jobs", ""),
    *[(_JOBS, verb, "batch/jobs", "") for verb in ("patch", "update", "deletecollection")],
    *[(_JOBS, verb, "/secrets", "") for verb in ("get", "list")],
    (_JOBS, "create", "/pods", ""),
    (_JOBS, "create", "/pods/exec", ""),
    *[("opsbot", "get", f"/{kind}", "") for kind in ("secrets", "configmaps", "pods")],
    *[("kube-system", verb, "/secrets", "") for verb in ("get", "list")],
    *[("", verb, "/namespaces", "") for verb in ("list", "create", "delete")],
    *[("", verb, "/nodes", "") for verb in ("get", "list")],
    *[(_PRODUCTION, verb, "rbac.authorization.k8s.io/roles", "") for verb in ("get", "patch", "escalate", "bind")],
    ("", "impersonate", "/users", "admin"),
    ("*", "*", "*/*", ""),
]


def _review(right: tuple[str, str, str, str]) -> dict[str, Any]:
    namespace, verb, path, name = right
    group, resource, *subresource = path.split("/")
    attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource, "name": name}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {**attributes, "subresource": "/".join(subresource)}},
    }


def _allowed(kubectl: Kubectl, rights: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    """Those of the rights that the API server grants."""
    reviews = {"apiVersion": "v1", "kind": "List", "items": [_review(right) for right in rights]}
    said = kubectl(
        "create",
        "--filename=-",
        "--validate=false",
        "--output=jsonpath={.status.allowed}{'\\n'}",
        stdin=json.dumps(reviews),
    )
    answers = said.split()
    assert len(answers) == len(rights)
    return [right for right, answer in zip(rights, answers, strict=True) if answer == "true"]


@pytest.fixture
def bot(control_plane: ControlPlane) -> Kubectl:
    """kubectl as the bot's ServiceAccount."""
    return Kubectl(control_plane.programs / "kubectl", control_plane.opsbot_kubeconfig)


@pytest.fixture
def deployed(control_plane: ControlPlane, namespace: str) -> str:
    """A namespace with a Deployment of the service's name and a Secret."""
    control_plane.kubectl("create", "deployment", _NAME, "--image=registry.example/api:v1", "-n", namespace)
    control_plane.kubectl("create", "secret", "generic", "database", "--from-literal=url=made-up", "-n", namespace)
    control_plane.kubectl("wait", "pods", "-n", namespace, "-l", f"app={_NAME}", "--for=create", "--timeout=30s")
    return namespace


def test_the_bot_may_do_its_work(bot: Kubectl) -> None:
    assert _allowed(bot, _MAY) == _MAY


def test_the_bot_may_do_nothing_else(bot: Kubectl) -> None:
    assert _allowed(bot, _MAY_NOT) == []


def test_the_account_of_jobs_has_no_rights(control_plane: ControlPlane) -> None:
    admin = control_plane.kubectl
    as_account = Kubectl(admin.program, admin.kubeconfig, (f"--as=system:serviceaccount:{_JOBS}:opsbot-job",))
    assert _allowed(as_account, [*_MAY, *_MAY_NOT]) == []


def test_the_bot_patches_the_image_for_real(bot: Kubectl, deployed: str) -> None:
    image = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "registry.example/api:v2"}
    change = [image, {"op": "add", "path": "/metadata/annotations/opsbot.dev~1epoch", "value": "7"}]
    bot("patch", "deployment", _NAME, "-n", deployed, "--type=json", "--patch", json.dumps(change))
    found = bot(
        "get", "deployment", _NAME, "-n", deployed, "-o", "jsonpath={.spec.template.spec.containers[0].image}"
    )
    assert found == "registry.example/api:v2"


@pytest.mark.parametrize(
    "command",
    [
        ("get", "secret", "database"),
        ("scale", "deployment", _NAME, "--replicas=0"),
        ("delete", "deployment", _NAME),
        ("create", "deployment", "another", "--image=registry.example/api:v1"),
        ("delete", "pods", "--all"),
        ("label", "deployment", "somebody-elses", "a=b"),
    ],
    ids=" ".join,
)
def test_the_bot_is_refused(bot: Kubectl, deployed: str, command: tuple[str, ...]) -> None:
    with pytest.raises(KubectlFailed, match=r"(?i)forbidden"):
        bot(*command, "-n", deployed)


def test_the_bot_is_refused_a_shell(bot: Kubectl, deployed: str) -> None:
    pod = bot("get", "pods", "-n", deployed, "-o", "jsonpath={.items[0].metadata.name}")
    with pytest.raises(KubectlFailed, match=r"(?i)forbidden"):
        bot("exec", pod, "-n", deployed, "--", "sh")


def test_the_manifests_are_accepted_whole(control_plane: ControlPlane) -> None:
    said = control_plane.kubectl("apply", "--kustomize", str(MANIFESTS), "--dry-run=server", "--output=name")
    assert "deployment.apps/opsbot" in said.split()
    assert any(name.startswith("configmap/opsbot-catalogue-") for name in said.split())


def test_the_way_in_for_slack_is_accepted_as_the_documentation_adds_it(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    told = OPERATING.read_text().partition("## Without a socket")[2].partition("```yaml\n")[2].partition("```")[0]
    here = os.path.relpath(MANIFESTS, tmp_path.resolve())
    own = told.replace("../opsbot/deploy/kubernetes", here).replace("opsbot.example", "ours.example")
    (tmp_path / "kustomization.yaml").write_text(f"resources: [{here}]\n{own}")
    said = control_plane.kubectl("apply", "--kustomize", str(tmp_path), "--dry-run=server", "--output=json")
    made = {one["kind"]: one for one in json.loads(said)["items"]}
    assert {"Service", "Ingress", "NetworkPolicy"} <= set(made)
    assert (made["Ingress"]["spec"]["rules"][0]["host"], made["Ingress"]["spec"]["tls"][0]["hosts"]) == (
        "ours.example",
        ["ours.example"],
    )
    [container] = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert [port["name"] for port in container["ports"]] == ["slack", "health"]


def test_the_bots_pod_passes_the_strictest_pod_security(control_plane: ControlPlane) -> None:
    objects = yaml.safe_load_all((MANIFESTS / "base" / "bot.yaml").read_text())
    template = next(one for one in objects if one["kind"] == "Deployment")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {"name": "opsbot", "namespace": "opsbot"}}
    create = ("create", "--filename=-", "--dry-run=server", "--output=name")
    assert control_plane.kubectl(*create, stdin=json.dumps(pod)).strip() == "pod/opsbot"
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    with pytest.raises(KubectlFailed, match="violates PodSecurity"):
        control_plane.kubectl(*create, stdin=json.dumps(pod))


def _role(file: Path) -> dict[str, Any]:
    role: dict[str, Any] = next(one for one in yaml.safe_load_all(file.read_text()) if one["kind"] == "Role")
    return role


def _records(file: Path) -> list[str]:
    return [one["metadata"]["name"] for one in yaml.safe_load_all(file.read_text()) if one["kind"] == "ConfigMap"]


def test_the_catalogue_beside_the_rights_names_what_they_allow() -> None:
    service = yaml.safe_load((MANIFESTS / "opsbot.yaml").read_text())["services"][_NAME]
    deployments = [workload["deployment"] for workload in service["workloads"]]
    for environment in service["environments"].values():
        role = _role(MANIFESTS / f"rights-{environment['namespace']}.yaml")
        assert role["metadata"]["namespace"] == environment["namespace"]
        assert role["rules"][0]["resourceNames"] == deployments
        assert role["rules"][-1]["resourceNames"] == [environment["last-known-good"]["config-map"]]
        assert _records(MANIFESTS / f"rights-{environment['namespace']}.yaml") == role["rules"][-1]["resourceNames"]
