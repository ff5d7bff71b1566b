"""What a container of the sandbox's node is given and leaves: image, variables, exit code, log."""

import re
from pathlib import Path

import pytest

from sandbox.node.api import Json
from sandbox.node.images import digest_of
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from sandbox.waiting import until
from tests.sandbox.pods import Kubectl, Place, image, kubectl, node, place, pod, python

__all__ = ["kubectl", "node", "place"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]


async def test_an_unknown_version_is_not_pulled_until_it_exists(place: Place, service_repository: Path) -> None:
    await place.create(pod("early", container={"image": image("v99")}))
    await until(lambda: place.waits_for("early", "ErrImagePull"))
    await until(lambda: place.waits_for("early", "ImagePullBackOff"))
    assert await place.has_phase("early", "Pending")


async def test_a_pod_by_digest_runs_that_commit(place: Place, service_repository: Path) -> None:
    digest = digest_of(commit_of(service_repository, "v42"))
    await place.create(pod("pinned", container={"image": f"{manifests.IMAGE}@sha256:{digest}"}))
    await until(lambda: place.runs("pinned"))
    assert (await place.container("pinned"))["imageID"] == f"{manifests.IMAGE}@sha256:{digest}"


def job(name: str, command: list[str]) -> Json:
    spec = pod(name, command, restartPolicy="Never")["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": spec}},
    }


async def _finished(place: Place, name: str) -> Json:
    status: Json = (await place.get("Job", name)).get("status", {})
    return status if any(one["type"] in {"Complete", "Failed"} for one in status.get("conditions", [])) else {}


async def test_a_job_that_succeeds_is_complete(place: Place, kubectl: Kubectl) -> None:
    await place.create(job("tests", ["python", "-m", "pytest", "backend_py/"]))
    status = await until(lambda: _finished(place, "tests"))
    assert status.get("succeeded") == 1
    one = (await place.pods())[0]
    assert one["status"]["phase"] == "Succeeded"
    assert one["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] == "Completed"
    logs = await kubectl("logs", "--namespace", place.name, "job/tests")
    assert re.search(r"[1-9]\d* passed in", logs), logs


async def test_a_job_that_fails_keeps_its_exit_code_and_is_not_repeated(place: Place) -> None:
    await place.create(job("broken", python("raise SystemExit(3)")))
    status = await until(lambda: _finished(place, "broken"))
    assert status.get("failed") == 1
    (one,) = await place.pods()
    assert one["status"]["phase"] == "Failed"
    assert one["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


async def test_a_command_that_is_not_there_is_said(place: Place) -> None:
    await place.create(pod("typo", ["pyhton"]))
    await until(lambda: place.waits_for("typo", "RunContainerError"))
    terminated = (await place.container("typo"))["lastState"]["terminated"]
    assert (terminated["exitCode"], terminated["reason"]) == (128, "StartError")


_TELL = "import json, os; print(json.dumps(dict(os.environ)), flush=True)"


async def test_variables_come_from_the_pod_its_config_maps_and_secrets(place: Place, kubectl: Kubectl) -> None:
    await place.create(manifests.config_map(place.name, {"REGION": "eu-north", "MODE": "quiet"}))
    env = [
        {"name": "URL", "valueFrom": {"secretKeyRef": {"name": manifests.SECRET, "key": "url"}}},
        {"name": "MODE_TOO", "valueFrom": {"configMapKeyRef": {"name": manifests.CONFIG, "key": "MODE"}}},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "BOTH", "value": "$(NAME) in $(REGION)"},
        {"name": "PORT", "value": "8000"},
    ]
    container = {"env": env, "envFrom": [{"configMapRef": {"name": manifests.CONFIG}}]}
    await place.create(pod("told", python(_TELL), container=container, restartPolicy="Never"))
    await until(lambda: place.waits_for("told", "CreateContainerConfigError"), what="it waits for its Secret")
    await place.create(manifests.secret(place.name, "postgresql://db.example/made-up"))
    await until(lambda: place.has_phase("told", "Succeeded"))
    told = await kubectl("logs", "--namespace", place.name, "told")
    for expected in ('"URL": "postgresql://db.example/made-up"', '"MODE_TOO": "quiet"', '"BOTH": "told in eu-north"'):
        assert expected in told
    assert '"PORT": "8000"' not in told


async def test_following_a_log_ends_with_the_container(place: Place, kubectl: Kubectl) -> None:
    code = "import sys; print('one', flush=True); sys.stdin.read(); print('two')"
    await place.create(pod("short", python(code), restartPolicy="Never"))
    await until(lambda: place.has_phase("short", "Succeeded"))
    assert await kubectl("logs", "--namespace", place.name, "--follow", "short") == "one\ntwo\n"
    assert await kubectl("logs", "--namespace", place.name, "--tail=1", "short") == "two\n"
