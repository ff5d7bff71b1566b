"""A cluster as the doctor sees it: fine, and with a Role, a Deployment or an address that is not."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.rights import KubernetesRights
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.doctor import rights
from bot.doctor.clusters import ClusterChecks
from bot.doctor.finding import Finding, Verdict
from bot.doctor.workloads import WorkloadChecks
from runbooks.catalogue import Catalogue
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.rights import MANIFESTS
from sandbox.service import manifests
from sandbox.waiting import until
from tests.doctor.reading import faults, found, only_fault

pytestmark = pytest.mark.cluster

NAME = manifests.NAME
RECORD = f"{NAME}-last-known-good"


def catalogue(namespace: str, **workload: Any) -> Catalogue:
    """The sample service in one namespace, with a command that runs as a Job."""
    place = {"cluster": "main", "namespace": namespace, "channels": {"deploys": "C1"}, "approval": {"group": "sre"}}
    service = {
        "image": manifests.IMAGE,
        "source": {"repository": "file:///source"},
        "workloads": [{"deployment": NAME, "containers": ["api"], **workload}],
        "commands": {"tests": {"run": ["true"]}},
        "default-environment": "production",
        "environments": {"production": place},
    }
    clusters = {"main": {"kubeconfig": "MAIN_KUBECONFIG"}}
    groups = {"sre": {"members": ["U1"]}}
    return Catalogue.model_validate({"groups": groups, "clusters": clusters, "services": {NAME: service}})


async def look(kubeconfig: Path, about: Catalogue, *, lacking: Mapping[str, str] | None = None) -> list[Finding]:
    """All of the cluster, as the user of this kubeconfig."""
    addresses = {} if lacking else {"main": Address(kubeconfig)}
    async with Clusters(addresses) as clusters:
        workloads = WorkloadChecks(KubernetesWorkloads(clusters))
        checks = ClusterChecks(about, KubernetesRights(clusters), workloads, lacking or {})
        return await found([checks.checks("main")])


@pytest.fixture
def deployed(control_plane: ControlPlane, namespace: str) -> str:
    """A namespace in which the service runs as far as a cluster without nodes lets it."""
    deployment = json.dumps(manifests.deployment(namespace, version="v41", replicas=0))
    control_plane.kubectl("create", "-f", "-", stdin=deployment)
    return namespace


async def fault_of(control_plane: ControlPlane, about: Catalogue) -> Finding:
    """The one fault, once the cluster's own caches know of the change."""

    seen: list[Finding] = []

    async def is_one() -> bool:
        seen[:] = faults(await look(control_plane.opsbot_kubeconfig, about))
        return len(seen) == 1

    await until(is_one, what="one fault", seconds=20)
    return seen[0]


async def change_rules(control_plane: ControlPlane, namespace: str, rules: list[Any]) -> None:
    """From now on the bot's Role there has these rules."""
    patch = json.dumps([{"op": "replace", "path": "/rules", "value": rules}])
    await asyncio.to_thread(
        control_plane.kubectl, "patch", "role", "opsbot", "-n", namespace, "--type=json", f"--patch={patch}"
    )


def rules() -> list[dict[str, Any]]:
    """The rules that deploy/kubernetes ships for a service's namespace."""
    return list(_role("rights-solvereign-production.yaml")["rules"])


def _role(name: str) -> dict[str, Any]:
    objects = yaml.safe_load_all((MANIFESTS / name).read_text())
    role: dict[str, Any] = next(one for one in objects if one["kind"] == "Role")
    return role


def test_what_is_needed_is_what_the_manifests_give() -> None:
    for name, needed in (
        ("rights-solvereign-production.yaml", rights.needed_by_service("", [NAME], [RECORD])),
        ("base/jobs.yaml", rights.needed_by_jobs("")),
    ):
        given = {
            (verb, resource, group, target)
            for rule in _role(name)["rules"]
            for verb in rule["verbs"]
            for resource in rule["resources"]
            for group in rule["apiGroups"]
            for target in rule.get("resourceNames", [""])
        }
        assert given == {(each.verb, each.resource, each.group, each.name) for each in needed}


async def test_all_is_well(control_plane: ControlPlane, deployed: str) -> None:
    findings = await look(control_plane.opsbot_kubeconfig, catalogue(deployed))
    assert faults(findings) == []
    assert [each.check for each in findings] == [
        "api",
        "no other rights in the whole cluster",
        f"no other rights in {deployed}",
        "no other rights in opsbot-jobs",
        f"rights in {deployed}",
        "rights in opsbot-jobs",
        f"deployment {NAME} of {NAME} production",
    ]


async def test_a_verb_that_was_taken_away(control_plane: ControlPlane, deployed: str) -> None:
    less = [{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "watch"]} for rule in rules()]
    await change_rules(control_plane, deployed, less)
    fault = await fault_of(control_plane, catalogue(deployed))
    assert (fault.check, fault.verdict) == (f"rights in {deployed}", Verdict.MISSING)
    assert f"watch deployments.apps {NAME}" in fault.says
    assert f"Role opsbot in {deployed}" in fault.mend


async def test_rights_that_it_must_not_have(control_plane: ControlPlane, deployed: str) -> None:
    more = {"apiGroups": [""], "resources": ["secrets", "pods/exec"], "verbs": ["get", "create"]}
    await change_rules(control_plane, deployed, [*rules(), more])
    fault = await fault_of(control_plane, catalogue(deployed))
    assert (fault.check, fault.verdict) == (f"no other rights in {deployed}", Verdict.WRONG)
    assert fault.says.startswith("the bot may get/create secrets, create/get pods/exec")
    assert "kubectl get rolebindings" in fault.mend


async def test_an_administrator_is_no_bot(control_plane: ControlPlane, deployed: str) -> None:
    fault = only_fault(await look(control_plane.admin_kubeconfig, catalogue(deployed)))
    assert (fault.check, fault.verdict) == ("no other rights in the whole cluster", Verdict.WRONG)
    assert "may do everything" in fault.says
    assert "2 more checks wait" in fault.says


async def test_a_deployment_that_is_not_there(control_plane: ControlPlane, namespace: str) -> None:
    fault = only_fault(await look(control_plane.opsbot_kubeconfig, catalogue(namespace)))
    assert (fault.check, fault.verdict) == (f"deployment {NAME} of {NAME} production", Verdict.MISSING)
    assert "`namespace` and `deployment`" in fault.mend


async def test_a_container_that_is_not_there(control_plane: ControlPlane, deployed: str) -> None:
    about = catalogue(deployed, containers=["api", "worker"])
    fault = only_fault(await look(control_plane.opsbot_kubeconfig, about))
    assert (fault.verdict, fault.says) == (Verdict.MISSING, "it has no container worker; it has api")


async def test_an_image_that_is_another(control_plane: ControlPlane, deployed: str) -> None:
    control_plane.kubectl("set", "image", f"deployment/{NAME}", "api=registry.example/other:v1", "-n", deployed)
    fault = only_fault(await look(control_plane.opsbot_kubeconfig, catalogue(deployed)))
    assert (fault.verdict, fault.says) == (
        Verdict.WRONG,
        f"it runs registry.example/other:v1, not {manifests.IMAGE}",
    )


async def test_a_policy_that_forbids_every_change(control_plane: ControlPlane, deployed: str) -> None:
    policy = f"doctor-{deployed}"
    objects = [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": policy},
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": deployed}},
                    "resourceRules": [
                        {
                            "apiGroups": ["apps"],
                            "apiVersions": ["v1"],
                            "operations": ["UPDATE"],
                            "resources": ["deployments"],
                        }
                    ],
                },
                "validations": [{"expression": "false", "message": "frozen"}],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": policy},
            "spec": {"policyName": policy, "validationActions": ["Deny"]},
        },
    ]
    control_plane.kubectl.apply(objects)
    try:
        fault = await fault_of(control_plane, catalogue(deployed))
    finally:
        control_plane.kubectl("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", policy)
    assert (fault.check, fault.verdict) == (f"deployment {NAME} of {NAME} production", Verdict.WRONG)
    assert policy in fault.says


async def test_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("clusters: [")
    fault = only_fault(await look(kubeconfig, catalogue("anywhere")))
    assert (fault.part, fault.check, fault.verdict) == ("cluster main", "api", Verdict.MISSING)
    assert "its kubeconfig can't be used" in fault.says
    assert "kubeconfig" in fault.mend


async def test_a_kubeconfig_that_nobody_named(tmp_path: Path) -> None:
    lacking = {"main": "MAIN_KUBECONFIG is not set; the catalogue names it."}
    fault = only_fault(await look(tmp_path, catalogue("anywhere"), lacking=lacking))
    assert fault.says == "MAIN_KUBECONFIG is not set; the catalogue names it (6 more checks wait for this one)"


async def test_credentials_that_the_cluster_does_not_know(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = yaml.safe_load(control_plane.opsbot_kubeconfig.read_text())
    config["users"][0]["user"]["token"] = "made-up"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    fault = only_fault(await look(kubeconfig, catalogue("anywhere")))
    assert (fault.check, fault.verdict) == ("api", Verdict.MISSING)
    assert "does not know this bot's credentials" in fault.says
