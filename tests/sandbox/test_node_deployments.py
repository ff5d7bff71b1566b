"""The sandbox's node on a real control plane: Deployments roll out, crash, are probed and restarted."""

import os
import signal
from pathlib import Path

import pytest

from sandbox.node import Node
from sandbox.node.images import digest_of
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from sandbox.waiting import until
from tests.sandbox.pods import APP, Kubectl, Place, deployed, kubectl, node, place, pod, python, version_at

__all__ = ["kubectl", "node", "place"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]


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
    await until(lambda: place.has_said(bad, "Unhealthy"), what="Unhealthy is said")
    container = await place.container(bad)
    assert (container["ready"], container["restartCount"]) == (False, 0)
    assert "running" in container["state"]
    assert [await version_at(port) for _ in range(4)] == ["v41"] * 4
    assert not await place.rolled_out()


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


async def test_a_killed_process_shows_as_a_restart(place: Place, node: Node) -> None:
    await deployed(place, "v41", replicas=1)
    name = (await place.pods())[0]["metadata"]["name"]
    before = await place.container(name)
    os.kill(int(before["containerID"].removeprefix("process://")), signal.SIGKILL)
    await until(lambda: place.runs(name, restarts=1), what="it has been restarted")
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
    await until(lambda: place.runs("stuck", restarts=1), what="it has been restarted")
    assert (await place.container("stuck"))["lastState"]["terminated"]["exitCode"] == 143
    await until(lambda: place.has_said("stuck", "Killing"))
