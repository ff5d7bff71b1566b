"""A namespace of a test's own in which the sandbox's node runs pods, and what is put there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
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
from sandbox.service import manifests
from sandbox.waiting import until
from tests.fixtures.node import running_node

APP = manifests.LABELS


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

    async def runs(self, pod: str, *, restarts: int = 0) -> bool:
        container = await self.container(pod)
        return "running" in container.get("state", {}) and container["restartCount"] == restarts

    async def waits_for(self, pod: str, reason: str) -> bool:
        state = (await self.container(pod)).get("state", {})
        return bool(state.get("waiting", {}).get("reason") == reason)

    async def has_phase(self, pod: str, phase: str) -> bool:
        return bool((await self.get("Pod", pod)).get("status", {}).get("phase") == phase)

    async def is_gone(self, pod: str) -> bool:
        try:
            await self.get("Pod", pod)
        except ApiError as error:
            return error.code == 404
        return False

    async def has_said(self, pod: str, reason: str) -> bool:
        events = await self.api.call("GET", self.path("Event"), query={"fieldSelector": f"involvedObject.name={pod}"})
        return reason in {event["reason"] for event in events["items"]}

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


async def says(kubectl: Kubectl, place: Place, name: str, text: str) -> bool:
    if not await place.runs(name):
        return False
    return text in await kubectl("logs", "--namespace", place.name, name)
