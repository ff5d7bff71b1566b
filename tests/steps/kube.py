"""A namespace of a test's own in the sandbox's cluster: the bot acts in it, an administrator interferes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.steps.base import Site, Step, Turn
from runbooks.steps.kubernetes import deployments
from runbooks.steps.kubernetes.workloads import Patch, Ref
from runbooks.vocabulary import Json, Outcome, Pending
from sandbox.cluster.control_plane import ControlPlane
from sandbox.service import manifests
from sandbox.waiting import until
from tests.steps import places

API = manifests.NAME
WORKER = "solvereign-worker"
ROLLOUT = {"poll": "1s", "soak": "1s", "grace": "2s", "deadline": "60s"}


def image(version: str) -> str:
    return f"{manifests.IMAGE}:{version}"


def json_patch(op: str, path: str, value: Any = None) -> Patch:
    return [{"op": op, "path": path, "value": value}]


class Interfering(KubernetesWorkloads):
    """The real thing, with somebody who acts once between our read and our patch; counts the patches that store."""

    def __init__(
        self, clusters: Clusters, act: Callable[[], Awaitable[object]], *, on: str = API, dry_run: bool = False
    ) -> None:
        super().__init__(clusters)
        self._act, self._when = act, (on, dry_run)
        self.patches = 0

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        if (ref.deployment, dry_run) == self._when:
            self._when = ("", False)
            await self._act()
        self.patches += not dry_run
        return await super().patch(ref, patch, dry_run=dry_run)


@dataclass(frozen=True)
class Kube:
    """One namespace."""

    cluster: ControlPlane
    namespace: str
    clusters: Clusters
    workloads: KubernetesWorkloads

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """What an administrator does; beside the event loop, which may serve the node."""
        return await asyncio.to_thread(self.cluster.kubectl, "--namespace", self.namespace, *arguments, stdin=stdin)

    async def create(
        self, version: str = "v41", *, name: str = API, replicas: int = 1, pod: Json | None = None, **spec: Any
    ) -> Json:
        """A Deployment that runs a version; `pod` adds to its pods' spec, `spec` to its own."""
        made = manifests.deployment(self.namespace, version=version, replicas=replicas, name=name)
        made["spec"] |= spec
        made["spec"]["template"]["spec"] |= pod or {}
        await self.kubectl("create", "--filename=-", stdin=json.dumps(made))
        found: Json = json.loads(await self.kubectl("get", "deployment", name, "--output=json"))
        return found

    async def raw(self, name: str = API) -> Json:
        return await self.workloads.read(self.ref(name))

    async def edit(self, patch: Patch, name: str = API) -> None:
        """Somebody else's change of a Deployment."""
        await self.kubectl("patch", "deployment", name, "--type=json", f"--patch={json.dumps(patch)}")

    async def set_image(self, version: str, name: str = API) -> None:
        await self.edit(json_patch("replace", "/spec/template/spec/containers/0/image", image(version)), name)

    async def allow(self, *names: str) -> None:
        """Let the bot change these Deployments too."""
        await self.kubectl(
            "patch",
            "role",
            "opsbot",
            "--type=json",
            f"--patch={json.dumps(json_patch('replace', '/rules/0/resourceNames', [API, *names]))}",
        )

    async def settled(self, name: str = API, *, pods: bool = True) -> None:
        """Until the controllers have taken up the last change (and, with a node, all its pods are available)."""

        async def is_so() -> bool:
            raw = await self.raw(name)
            status, wanted = raw.get("status", {}), raw["spec"]["replicas"]
            seen = status.get("observedGeneration", 0) >= raw["metadata"]["generation"]
            there = status.get("availableReplicas", 0) == status.get("replicas", 0) == wanted
            return seen and (there or not pods) and status.get("updatedReplicas", 0) >= (wanted if pods else 0)

        await until(is_so, what=f"{name} settled", seconds=30)

    def ref(self, name: str = API) -> Ref:
        return Ref("main", self.namespace, name)

    def site(self, *, workloads: tuple[str, ...] = (API,), rollout: Json | None = None, **fields: Any) -> Site:
        return places.site(
            environment={"namespace": self.namespace, "rollout": ROLLOUT | (rollout or {})},
            service={"workloads": [{"deployment": name, "containers": ["api"]} for name in workloads]},
            **fields,
        )


async def planned(step: Step, site: Site, *, epoch: int = 7) -> Turn:
    """The step's first turn, now."""
    now = datetime.now(UTC)
    return replace(await places.turn(step, {}, site), epoch=epoch, began_at=now, now=now)


async def watched(step: Step, turn: Turn, outcome: Outcome, *, seconds: float = 40) -> tuple[Outcome, list[str]]:
    """Look again in real time until it is no longer Pending: the end, and all lines on the way."""
    last, lines = outcome, [outcome.line] if isinstance(outcome, Pending) else []

    async def look() -> bool:
        nonlocal last
        if isinstance(last, Pending):
            last = await step.check(replace(turn, now=datetime.now(UTC)), last.token)
            lines.extend([last.line] if isinstance(last, Pending) else [])
        return not isinstance(last, Pending)

    await until(look, what="the step's end", seconds=seconds)
    return last, list(dict.fromkeys(lines))


def images(raw: Json) -> dict[str, str]:
    return deployments.images_of(deployments.template_of(raw))


@asynccontextmanager
async def connected(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Kube]:
    """The namespace, with clients of the bot's ServiceAccount."""
    async with Clusters({"main": Address(control_plane.opsbot_kubeconfig)}) as clusters:
        yield Kube(control_plane, namespace, clusters, KubernetesWorkloads(clusters))
