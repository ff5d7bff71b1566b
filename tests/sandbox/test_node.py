"""The sandbox's node on a real control plane: deploys, crashes, probes, Jobs, deletion, logs."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from sandbox.cluster.control_plane import ControlPlane
from sandbox.node import Node
from sandbox.node.api import Api, ApiError, Json, connected
from sandbox.node.images import digest_of
from sandbox.node.log import Wanted
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from sandbox.waiting import until
from tests.fixtures.cluster import temporary_control_plane
from tests.fixtures.node import running_node

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]

APP = manifests.LABELS
_ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(control_plane: ControlPlane, service_repository: Path, image_cache: Path) -> AsyncIterator[Node]:
    async with running_node(control_plane, repository=service_repository, cache=image_cache) as node:
        yield node


Kubectl = Callable[..., Awaitable[str]]


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """kubectl beside the event loop, on which the node answers it."""
    return partial(asyncio.to_thread, control_plane.kubectl)


@dataclass(frozen=True)
class Place:
    """A namespace of a test's own."""

    api: Api
    name: str

    async def create(self, manifest: Json) -> Json:
        return await self.api.call("POST", self.path(manifest["kind"]), manifest)

    async def get(self, kind: str, name: str) -> Json:
        return await self.api.call("GET", f"{self.path(kind)}/{name}")

    async def set_image(self, version: str) -> None:
        change = {"spec": {"template": {"spec": {"containers": [{"name": "api", "image": image(version)}]}}}}
        where = f"{self.path('Deployment')}/{manifests.NAME}"
        await self.api.call("PATCH", where, change, content="application/strategic-merge-patch+json")

    async def pods(self, version: str | None = None) -> list[Json]:
        items: list[Json] = (await self.api.call("GET", self.path("Pod")))["items"]
        return [pod for pod in items if version is None or pod["spec"]["containers"][0]["image"] == image(version)]

    async def container(self, pod: str) -> Json:
        """The status of a pod's first container; empty while there is none."""
        statuses = (await self.get("Pod", pod)).get("status", {}).get("containerStatuses", [{}])
        found: Json = statuses[0]
        return found

    async def rolled_out(self, replicas: int = 3) -> bool:
        deployment = await self.get("Deployment", manifests.NAME)
        status = deployment["status"]
        counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
        observed = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        return observed and counts == [replicas] * 3

    async def reasons(self, pod: str) -> set[str]:
        events = await self.api.call("GET", self.path("Event"), query={"fieldSelector": f"involvedObject.name={pod}"})
        return {event["reason"] for event in events["items"]}

    def path(self, kind: str) -> str:
        group = {"Deployment": "/apis/apps/v1", "Job": "/apis/batch/v1"}.get(kind, "/api/v1")
        return f"{group}/namespaces/{self.name}/{kind.lower()}s"


def image(version: str) -> str:
    return f"{manifests.IMAGE}:{version}"


@pytest_asyncio.fixture(loop_scope="module")
async def place(control_plane: ControlPlane, namespace: str, node: Node) -> AsyncIterator[Place]:
    async with connected(control_plane.admin_kubeconfig) as api:
        yield Place(api, namespace)


def pod(name: str, command: list[str] | None = None, **fields: Any) -> Json:
    """A bare pod of v41, without probes."""
    spec: Json = {"name": "api", "image": image("v41"), **({"command": command} if command else {})}
    spec |= fields.pop("container", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [spec], "terminationGracePeriodSeconds": 1, **fields},
    }


def python(code: str) -> list[str]:
    return ["python", "-S", "-c", code]


async def version_at(port: int) -> str | None:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
        session.get(f"http://127.0.0.1:{port}/version") as response,
    ):
        return (await response.json())["version"] if response.status == 200 else None


async def deployed(place: Place, version: str, *, replicas: int = 3) -> None:
    await place.create(manifests.config_map(place.name))
    await place.create(manifests.deployment(place.name, version=version, replicas=replicas))
    await until(lambda: place.rolled_out(replicas), what=f"{version} is rolled out")


async def test_a_deployment_gets_ready_and_says_what_it_runs(place: Place, service_repository: Path) -> None:
    await deployed(place, "v41")
    commit = commit_of(service_repository, "v41")
    for one in await place.pods():
        status = one["status"]
        container = status["containerStatuses"][0]
        assert (status["phase"], status["podIP"], status["hostIP"]) == ("Running", "127.0.0.1", "127.0.0.1")
        true = {condition["type"] for condition in status["conditions"] if condition["status"] == "True"}
        assert true >= {"PodScheduled", "Initialized", "ContainersReady", "Ready"}
        assert container["imageID"] == f"{manifests.IMAGE}@sha256:{digest_of(commit)}"
        assert (container["ready"], container["started"], container["restartCount"]) == (True, True, 0)
        assert "running" in container["state"]


async def test_a_rollout_is_never_seen_from_outside_but_by_the_version(place: Place, node: Node) -> None:
    await deployed(place, "v41")
    port = await node.expose(place.name, APP)
    assert await version_at(port) == "v41"
    seen: list[str | None] = []

    async def look() -> bool:
        seen.append(await version_at(port))
        return await place.rolled_out()

    await place.set_image("v42")
    await until(look, what="v42 is rolled out")
    assert await version_at(port) == "v42"
    assert set(seen) <= {"v41", "v42"}


async def test_what_never_gets_ready_leaves_the_old_ones_serving(place: Place, node: Node) -> None:
    await deployed(place, "v41")
    port = await node.expose(place.name, APP)
    await place.set_image("v43")
    bad = (await until(lambda: place.pods("v43"), what="a pod of v43"))[0]["metadata"]["name"]
    await until(lambda: _is_said(place, bad, "Unhealthy"), what="Unhealthy is said")
    container = await place.container(bad)
    assert (container["ready"], container["restartCount"]) == (False, 0)
    assert "running" in container["state"]
    assert [await version_at(port) for _ in range(4)] == ["v41"] * 4
    assert not await place.rolled_out()


async def _is_said(place: Place, pod: str, reason: str) -> bool:
    return reason in await place.reasons(pod)


async def test_a_crash_at_start_becomes_a_loop_whose_logs_can_be_read(
    place: Place, node: Node, kubectl: Kubectl
) -> None:
    await place.create(manifests.deployment(place.name, version="v44", replicas=2))
    await until(lambda: _all_waiting(place, "CrashLoopBackOff", 2), what="both wait in CrashLoopBackOff")
    name = (await place.pods())[0]["metadata"]["name"]
    container = await place.container(name)
    assert container["restartCount"] >= 1
    last = container["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (1, "Error")
    words = "fatal: SOLVEREIGN_DATABASE_URL is not set\n"
    assert await kubectl("logs", "--namespace", place.name, name, "--previous") == words
    await until(lambda: _log_is(kubectl, place, name, words), what="the log of its last run")


async def _log_is(kubectl: Kubectl, place: Place, name: str, text: str) -> bool:
    return await kubectl("logs", "--namespace", place.name, name) == text


async def _all_waiting(place: Place, reason: str, count: int) -> bool:
    found = [await place.container(one["metadata"]["name"]) for one in await place.pods()]
    return [one.get("state", {}).get("waiting", {}).get("reason") for one in found] == [reason] * count


async def test_an_unknown_version_is_not_pulled_until_it_exists(place: Place, service_repository: Path) -> None:
    await place.create(pod("early", container={"image": image("v99")}))
    await until(lambda: _waits_for(place, "early", "ErrImagePull"))
    await until(lambda: _waits_for(place, "early", "ImagePullBackOff"))
    assert (await place.get("Pod", "early"))["status"]["phase"] == "Pending"


async def _waits_for(place: Place, name: str, reason: str) -> bool:
    state = (await place.container(name)).get("state", {})
    return bool(state.get("waiting", {}).get("reason") == reason)


async def _runs(place: Place, name: str, *, restarts: int = 0) -> bool:
    container = await place.container(name)
    return "running" in container.get("state", {}) and container["restartCount"] == restarts


async def _phase(place: Place, name: str) -> str:
    return str((await place.get("Pod", name)).get("status", {}).get("phase"))


async def test_a_pod_by_digest_runs_that_commit(place: Place, service_repository: Path) -> None:
    digest = digest_of(commit_of(service_repository, "v42"))
    await place.create(pod("pinned", container={"image": f"{manifests.IMAGE}@sha256:{digest}"}))
    await until(lambda: _runs(place, "pinned"))
    assert (await place.container("pinned"))["imageID"] == f"{manifests.IMAGE}@sha256:{digest}"


async def test_a_killed_process_shows_as_a_restart(place: Place, node: Node) -> None:
    await deployed(place, "v41", replicas=1)
    name = (await place.pods())[0]["metadata"]["name"]
    before = await place.container(name)
    os.kill(int(before["containerID"].removeprefix("process://")), signal.SIGKILL)
    await until(lambda: _runs(place, name, restarts=1), what="it has been restarted")
    after = await place.container(name)
    assert after["lastState"]["terminated"]["exitCode"] == 137
    assert after["lastState"]["terminated"]["containerID"] == before["containerID"] != after["containerID"]
    await until(lambda: place.rolled_out(1), what="it is ready again")


_NOT_ALIVE = """
import os
from http.server import *
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" else 500)
        self.end_headers()
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


async def test_a_failed_liveness_probe_restarts(place: Place) -> None:
    probe = {"httpGet": {"path": "/live", "port": 80}, "periodSeconds": 1, "failureThreshold": 2}
    await place.create(pod("stuck", python(_NOT_ALIVE), container={"livenessProbe": probe}))
    await until(lambda: _runs(place, "stuck", restarts=1), what="it has been restarted")
    assert (await place.container("stuck"))["lastState"]["terminated"]["exitCode"] == 143
    await until(lambda: _is_said(place, "stuck", "Killing"))


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
    await until(lambda: _waits_for(place, "typo", "RunContainerError"))
    terminated = (await place.container("typo"))["lastState"]["terminated"]
    assert (terminated["exitCode"], terminated["reason"]) == (128, "StartError")


async def _gone(place: Place, name: str) -> bool:
    try:
        await place.get("Pod", name)
    except ApiError as error:
        return error.code == 404
    return False


_DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


async def test_deletion_waits_for_the_grace_and_no_longer(place: Place, kubectl: Kubectl) -> None:
    await place.create(pod("deaf", python(_DEAF), terminationGracePeriodSeconds=2))
    await until(lambda: _says(kubectl, place, "deaf", "deaf"))
    loop = asyncio.get_running_loop()
    started = loop.time()
    await place.api.call("DELETE", f"{place.path('Pod')}/deaf")
    assert not await _gone(place, "deaf")
    await until(lambda: _gone(place, "deaf"))
    assert 1.9 < loop.time() - started < 4


async def _says(kubectl: Kubectl, place: Place, name: str, text: str) -> bool:
    if not await _runs(place, name):
        return False
    return text in await kubectl("logs", "--namespace", place.name, name)


async def test_a_graceful_end_is_prompt_and_finishes(place: Place, node: Node, kubectl: Kubectl) -> None:
    await place.create(pod("polite", terminationGracePeriodSeconds=20))
    await until(lambda: _says(kubectl, place, "polite", "listens"))
    log = node.pods(place.name)[0].containers[0].log
    await place.api.call("DELETE", f"{place.path('Pod')}/polite")
    await until(lambda: _gone(place, "polite"), seconds=5)
    assert log is not None
    assert [line async for line in log.read(Wanted(tail=1))] == [b"solvereign-api stopped\n"]


async def test_a_shorter_grace_cuts_a_longer_one(place: Place, kubectl: Kubectl) -> None:
    await place.create(pod("deaf", python(_DEAF), terminationGracePeriodSeconds=30))
    await until(lambda: _says(kubectl, place, "deaf", "deaf"))
    path = f"{place.path('Pod')}/deaf"
    await place.api.call("DELETE", path)
    await place.api.call("DELETE", path, query={"gracePeriodSeconds": "1"})
    await until(lambda: _gone(place, "deaf"), seconds=5)


async def test_a_pod_deleted_by_force_leaves_no_process(place: Place, kubectl: Kubectl) -> None:
    await place.create(pod("forced", python(_DEAF)))
    await until(lambda: _says(kubectl, place, "forced", "deaf"))
    pid = int((await place.container("forced"))["containerID"].removeprefix("process://"))
    await place.api.call("DELETE", f"{place.path('Pod')}/forced", query={"gracePeriodSeconds": "0"})
    await until(lambda: not Path(f"/proc/{pid}").exists(), what="the process has ended")


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
    await until(lambda: _waits_for(place, "told", "CreateContainerConfigError"), what="it waits for its Secret")
    await place.create(manifests.secret(place.name, "postgresql://db.example/made-up"))
    await until(lambda: _has_phase(place, "told", "Succeeded"))
    told = await kubectl("logs", "--namespace", place.name, "told")
    for expected in ('"URL": "postgresql://db.example/made-up"', '"MODE_TOO": "quiet"', '"BOTH": "told in eu-north"'):
        assert expected in told
    assert '"PORT": "8000"' not in told


async def _has_phase(place: Place, name: str, phase: str) -> bool:
    return await _phase(place, name) == phase


async def test_following_a_log_ends_with_the_container(place: Place, kubectl: Kubectl) -> None:
    code = "import sys; print('one', flush=True); sys.stdin.read(); print('two')"
    await place.create(pod("short", python(code), restartPolicy="Never"))
    await until(lambda: _has_phase(place, "short", "Succeeded"))
    assert await kubectl("logs", "--namespace", place.name, "--follow", "short") == "one\ntwo\n"
    assert await kubectl("logs", "--namespace", place.name, "--tail=1", "short") == "two\n"


@asynccontextmanager
async def node_process(kubeconfig: Path, repository: Path, cache: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A node of its own name as a process, once it runs."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "sandbox.node", "--kubeconfig", str(kubeconfig), "--repository", str(repository)],
        *["--cache", str(cache), "--name", "other-node", "--expose", "default/none=0"],
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).startswith(b"default/none at http://127.0.0.1:")
        assert await process.stdout.readline() == b"node other-node runs\n"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_its_pods_die_with_it_and_the_next_one_takes_them_over(
    place: Place, control_plane: ControlPlane, service_repository: Path, tmp_path: Path
) -> None:
    arguments = (control_plane.admin_kubeconfig, service_repository, tmp_path)
    async with node_process(*arguments) as first:
        await place.create(pod("kept", nodeName="other-node"))
        await until(lambda: _runs(place, "kept"))
        pid = int((await place.container("kept"))["containerID"].removeprefix("process://"))
        first.kill()
        await until(lambda: not Path(f"/proc/{pid}").exists(), what="the pod's process has ended")
    async with node_process(*arguments):
        await until(lambda: _runs(place, "kept", restarts=1), what="it runs again")
        assert (await place.container("kept"))["lastState"]["terminated"]["exitCode"] == 255
        await place.api.call("DELETE", f"{place.path('Pod')}/kept")
        await until(lambda: _gone(place, "kept"))
    await place.api.call("DELETE", "/api/v1/nodes/other-node")


async def test_it_outlives_an_outage_of_the_control_plane(
    service_repository: Path, image_cache: Path, tmp_path: Path
) -> None:
    with temporary_control_plane(tmp_path) as plane:
        plane.grant("elsewhere")
        async with (
            running_node(plane, repository=service_repository, cache=image_cache) as node,
            connected(plane.admin_kubeconfig) as api,
        ):
            place = Place(api, "elsewhere")
            await deployed(place, "v41")
            port = await node.expose(place.name, APP)
            plane.stop()
            assert await version_at(port) == "v41"  # what runs goes on
            plane.start()
            await place.set_image("v42")
            await until(place.rolled_out, seconds=30, what="v42 is rolled out after the outage")
            assert await version_at(port) == "v42"
