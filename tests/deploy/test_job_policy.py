"""The Jobs that deploy/kubernetes lets the bot make, on a real API server: those of its commands, and no others."""

from datetime import timedelta

import pytest

from bot.adapters.jobs.manifest import job, stone
from runbooks.steps.command import Task
from sandbox.service import manifests
from tests.deploy.asking import DRY, Ask, by_policy
from tests.deploy.forbidden import BATCH, JOBS, Json, Try

pytestmark = pytest.mark.cluster

TASK = Task(
    name="opsbot-d-107-tests",
    cluster="main",
    image=f"{manifests.IMAGE}:v41",
    argv=("true",),
    env={"LEVEL": "debug"},
    timeout=timedelta(seconds=60),
    run="D-107",
    step="tests",
    epoch=7,
    secrets={"URL": "solvereign-smoke/database-url"},
    config_maps={"REGION": "any/region"},
)


def made(manifest: Json) -> Try:
    return Try("", "POST", f"{BATCH}/namespaces/{JOBS}/jobs", manifest)


@pytest.mark.parametrize("manifest", [job(TASK), stone(TASK)], ids=["job", "stone"])
def test_its_jobs_are_admitted(bot: Ask, manifest: Json) -> None:
    answer = bot(made(manifest), **DRY)
    assert answer.status_code == 201, answer.text


BAD_PODS: dict[str, Json] = {
    "another ServiceAccount": {"serviceAccountName": "default"},
    "its token": {"automountServiceAccountToken": True},
    "a Secret as a volume": {"volumes": [{"name": "a", "secret": {"secretName": "solvereign-smoke"}}]},
    "a folder of the node": {"volumes": [{"name": "a", "hostPath": {"path": "/"}}]},
    "an empty folder": {"volumes": [{"name": "a", "emptyDir": {}}]},
    "the node's network": {"hostNetwork": True},
    "root": {"securityContext": {}},
    "no seccomp": {"securityContext": {"runAsNonRoot": True}},
    "another container before": {"initContainers": [{"name": "a", "image": TASK.image}]},
    "a class of its own": {"priorityClassName": "system-node-critical"},
    "a node": {"nodeName": "a-node"},
}
BAD_CONTAINERS: dict[str, Json] = {
    "another image": {"image": "registry.example/other:v41"},
    "an image that begins alike": {"image": f"{manifests.IMAGE}-other:v41"},
    "an image below it": {"image": f"{manifests.IMAGE}/other:v41"},
    "a Secret that is not named": {
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "opsbot", "key": "a"}}}]
    },
    "a whole Secret": {"envFrom": [{"secretRef": {"name": "solvereign-smoke"}}]},
    "privileges": {"securityContext": {"runAsUser": 0}},
    "capabilities": {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"add": ["SYS_ADMIN"]}}},
    "no guard": {"securityContext": {}},
}


def worse(pod: Json, container: Json) -> Json:
    manifest = job(TASK)
    spec = manifest["spec"]["template"]["spec"]
    spec |= pod
    spec["containers"][0] |= container
    return manifest


@pytest.mark.parametrize(
    "manifest",
    [*(worse(pod, {}) for pod in BAD_PODS.values()), *(worse({}, one) for one in BAD_CONTAINERS.values())],
    ids=[*BAD_PODS, *BAD_CONTAINERS],
)
def test_a_job_with_more_than_it_needs_is_refused(bot: Ask, manifest: Json) -> None:
    answer = bot(made(manifest))
    assert by_policy(answer), answer.text
    assert "opsbot-jobs" in answer.text


def test_two_containers_are_refused(bot: Ask) -> None:
    manifest = job(TASK)
    containers = manifest["spec"]["template"]["spec"]["containers"]
    containers.append({**containers[0], "name": "more"})
    assert by_policy(bot(made(manifest)))
