"""The sandbox's control plane and its simulated nodes."""

import json
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.cluster import rights
from sandbox.cluster.build import recipe
from sandbox.cluster.control_plane import ControlPlane, ControlPlaneFailed
from sandbox.cluster.identities import OPSBOT_USER
from sandbox.cluster.kubectl import KubectlFailed
from sandbox.cluster.kwok import PLACEMENT, Kwok
from tests.fixtures.cluster import cluster_programs, temporary_control_plane

pytestmark = pytest.mark.cluster

_SECONDS = 30
_WAITING = "jsonpath={.items[*].status.containerStatuses[0].state.waiting.reason}"
_STARTS_AND_WAITS = """
import json, sys
from pathlib import Path
from sandbox.cluster.control_plane import ControlPlane
with ControlPlane(Path(sys.argv[1]), binaries=Path(sys.argv[2]), durable=False, rights=False) as plane:
    print(json.dumps(plane.pids), flush=True)
    sys.stdin.read()
"""


def _deployment(namespace: str, tag: str) -> dict[str, object]:
    labels = {"app": tag}
    pod = {**PLACEMENT, "containers": [{"name": "api", "image": f"registry.example/api:{tag}"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": tag, "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _job(namespace: str) -> dict[str, object]:
    pod = {**PLACEMENT, "restartPolicy": "Never", "containers": [{"name": "job", "image": "registry.example/api:v1"}]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "tests", "namespace": namespace},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


def _have_ended(descriptors: list[int]) -> bool:
    """Whether all of these processes end within some seconds."""
    waiting = set(descriptors)
    while waiting:
        ended, _, _ = select.select(waiting, [], [], _SECONDS)
        if not ended:
            return False
        waiting -= set(ended)
    return True


def _watched(plane_pids: dict[str, int]) -> list[int]:
    assert plane_pids.keys() == {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    return [os.pidfd_open(pid) for pid in plane_pids.values()]


def test_it_is_the_kubernetes_that_the_module_requires(control_plane: ControlPlane) -> None:
    versions = control_plane.kubectl.json("version")
    assert versions["serverVersion"]["gitVersion"] == f"v{recipe().kubernetes}"
    assert versions["clientVersion"]["gitVersion"] == f"v{recipe().kubernetes}"


def test_nobody_without_a_token_is_answered(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(control_plane.kubectl("config", "view", "--raw", "--output=json"))
    config["users"][0]["user"] = {"token": "made-up"}
    stranger = tmp_path / "stranger.kubeconfig"
    stranger.write_text(json.dumps(config))
    with pytest.raises(KubectlFailed, match="Unauthorized"):
        control_plane.kubectl("--kubeconfig", str(stranger), "get", "namespaces")


def test_the_audit_log_tells_who_wrote_what(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl.apply([_deployment(namespace, "v1")])
    patch = ["patch", "deployment", "v1", "--namespace", namespace, "--patch", '{"spec": {"paused": true}}']
    control_plane.kubectl(*patch, "--dry-run=server")
    control_plane.kubectl(*patch)
    with pytest.raises(KubectlFailed, match="Forbidden"):
        control_plane.kubectl(
            "delete", "deployment", "v1", "-n", namespace, "--kubeconfig", str(control_plane.opsbot_kubeconfig)
        )
    writes = control_plane.audit.writes("deployments", namespace=namespace)
    created, *patches, deleted = [(write.user, write.verb, write.effective, write.code) for write in writes]
    assert created == ("admin", "create", True, 201)
    assert patches == [("admin", "patch", False, 200), ("admin", "patch", True, 200)]
    assert deleted == (OPSBOT_USER, "delete", False, 403)
    assert (writes[2].name, writes[2].body) == ("v1", {"spec": {"paused": True}})
    assert control_plane.audit.writes(namespace=namespace, user=OPSBOT_USER) == writes[-1:]


def test_a_simulated_node_makes_a_good_image_ready(control_plane: ControlPlane, kwok: Kwok, namespace: str) -> None:
    control_plane.kubectl.apply([_deployment(namespace, "v1")])
    said = control_plane.kubectl("rollout", "status", "deployment/v1", "-n", namespace, f"--timeout={_SECONDS}s")
    assert "successfully rolled out" in said


def test_a_simulated_node_crashes_what_says_so(control_plane: ControlPlane, kwok: Kwok, namespace: str) -> None:
    control_plane.kubectl.apply([_deployment(namespace, "v2-crash")])
    crashing = "jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff"
    _wait(control_plane, namespace, "app=v2-crash", crashing)
    assert control_plane.kubectl("get", "pods", "-n", namespace, "-o", _WAITING).split() == ["CrashLoopBackOff"] * 2


def test_a_simulated_node_keeps_unready_what_says_so(control_plane: ControlPlane, kwok: Kwok, namespace: str) -> None:
    control_plane.kubectl.apply([_deployment(namespace, "v3-never-ready")])
    _wait(control_plane, namespace, "app=v3-never-ready", "jsonpath={.status.phase}=Running")
    _wait(control_plane, namespace, "app=v3-never-ready", "condition=Ready=False")


def test_a_simulated_node_completes_a_job(control_plane: ControlPlane, kwok: Kwok, namespace: str) -> None:
    control_plane.kubectl.apply([_job(namespace)])
    control_plane.kubectl("wait", "job/tests", "-n", namespace, "--for=condition=Complete", f"--timeout={_SECONDS}s")


def test_pods_that_did_not_ask_for_it_stay_off_a_simulated_node(
    control_plane: ControlPlane, kwok: Kwok, namespace: str
) -> None:
    control_plane.kubectl("run", "real", "--image=registry.example/api:v1", "-n", namespace)
    _wait(control_plane, namespace, "run=real", "condition=PodScheduled=False")


def _wait(plane: ControlPlane, namespace: str, label: str, condition: str) -> None:
    place = ["-n", namespace, "-l", label]
    plane.kubectl("wait", "pods", *place, "--for=create", f"--timeout={_SECONDS}s")
    plane.kubectl("wait", "pods", *place, f"--for={condition}", f"--timeout={_SECONDS}s")


def test_it_ends_whole_and_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_control_plane(tmp_path / "plane") as plane:
        plane.kubectl("create", "namespace", "kept")
        plane.kubectl("delete", "serviceaccount", "opsbot-job", "-n", "opsbot-jobs")
        descriptors, token = _watched(plane.pids), plane.opsbot_kubeconfig.read_text()
        plane.stop()
        assert _have_ended(descriptors)
        with pytest.raises(KubectlFailed, match="refused"):
            plane.kubectl("get", "namespace", "kept")
        plane.start()
        assert plane.opsbot_kubeconfig.read_text() == token
        assert "kept" in plane.kubectl("get", "namespace", "kept")
        with pytest.raises(KubectlFailed, match="not found"):  # what stands there was not applied again
            plane.kubectl("get", "serviceaccount", "opsbot-job", "-n", "opsbot-jobs")
        shutil.copytree(rights.MANIFESTS, tmp_path / "other")
        (tmp_path / "other" / "more.txt").write_text("another state")
        monkeypatch.setattr(rights, "MANIFESTS", tmp_path / "other")
        rights.install(plane.kubectl, plane.folder)
        plane.kubectl("get", "serviceaccount", "opsbot-job", "-n", "opsbot-jobs")


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _STARTS_AND_WAITS, str(tmp_path), str(cluster_programs())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        descriptors = _watched(json.loads(starter.stdout.readline()))
        starter.kill()
    assert _have_ended(descriptors)


def test_a_control_plane_that_can_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "etcd").write_text("a file, where etcd keeps its folder")
    with pytest.raises(ControlPlaneFailed, match="etcd ended with"), temporary_control_plane(tmp_path):
        pass
