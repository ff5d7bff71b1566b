"""How pods of the sandbox's node end: deleted, forced, or with the node; and what outlives the control plane."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.cluster.control_plane import ControlPlane
from sandbox.node import Node
from sandbox.node.api import connected
from sandbox.node.log import Wanted
from sandbox.waiting import until
from tests.fixtures.cluster import temporary_control_plane
from tests.fixtures.node import running_node
from tests.sandbox.pods import APP, Kubectl, Place, deployed, kubectl, node, place, pod, python, says, version_at

__all__ = ["kubectl", "node", "place"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]


_ROOT = Path(__file__).parents[2]
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


async def test_deletion_waits_for_the_grace_and_no_longer(place: Place, kubectl: Kubectl) -> None:
    await place.create(pod("deaf", python(DEAF), terminationGracePeriodSeconds=2))
    await until(lambda: says(kubectl, place, "deaf", "deaf"))
    loop = asyncio.get_running_loop()
    started = loop.time()
    await place.api.call("DELETE", f"{place.path('Pod')}/deaf")
    assert not await place.is_gone("deaf")
    await until(lambda: place.is_gone("deaf"))
    assert 1.9 < loop.time() - started < 4


async def test_a_graceful_end_is_prompt_and_finishes(place: Place, node: Node, kubectl: Kubectl) -> None:
    await place.create(pod("polite", terminationGracePeriodSeconds=20))
    await until(lambda: says(kubectl, place, "polite", "listens"))
    log = node.pods(place.name)[0].containers[0].log
    await place.api.call("DELETE", f"{place.path('Pod')}/polite")
    await until(lambda: place.is_gone("polite"), seconds=5)
    assert log is not None
    assert [line async for line in log.read(Wanted(tail=1))] == [b"solvereign-api stopped\n"]


async def test_a_shorter_grace_cuts_a_longer_one(place: Place, kubectl: Kubectl) -> None:
    await place.create(pod("deaf", python(DEAF), terminationGracePeriodSeconds=30))
    await until(lambda: says(kubectl, place, "deaf", "deaf"))
    path = f"{place.path('Pod')}/deaf"
    await place.api.call("DELETE", path)
    await place.api.call("DELETE", path, query={"gracePeriodSeconds": "1"})
    await until(lambda: place.is_gone("deaf"), seconds=5)


async def test_a_pod_deleted_by_force_leaves_no_process(place: Place, kubectl: Kubectl) -> None:
    await place.create(pod("forced", python(DEAF)))
    await until(lambda: says(kubectl, place, "forced", "deaf"))
    pid = int((await place.container("forced"))["containerID"].removeprefix("process://"))
    await place.api.call("DELETE", f"{place.path('Pod')}/forced", query={"gracePeriodSeconds": "0"})
    await until(lambda: not Path(f"/proc/{pid}").exists(), what="the process has ended")


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
        await until(lambda: place.runs("kept"))
        pid = int((await place.container("kept"))["containerID"].removeprefix("process://"))
        first.kill()
        await until(lambda: not Path(f"/proc/{pid}").exists(), what="the pod's process has ended")
    async with node_process(*arguments):
        await until(lambda: place.runs("kept", restarts=1), what="it runs again")
        assert (await place.container("kept"))["lastState"]["terminated"]["exitCode"] == 255
        await place.api.call("DELETE", f"{place.path('Pod')}/kept")
        await until(lambda: place.is_gone("kept"))
    await place.api.call("DELETE", "/api/v1/nodes/other-node")


async def test_it_outlives_an_outage_of_the_control_plane(
    service_repository: Path, image_cache: Path, tmp_path: Path
) -> None:
    with temporary_control_plane(tmp_path, rights=False) as plane:
        plane.kubectl("create", "namespace", "elsewhere")
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
