"""Who acts in a history: an administrator with kubectl's names, straight at the API, and this bot with its rights."""

import asyncio
import json
from dataclasses import dataclass

from bot.adapters.kubernetes.client import JSON_PATCH, Clusters, Reply, path
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.steps.kubernetes.deployments import is_paused, template_of
from runbooks.steps.kubernetes.patches import set_images
from runbooks.steps.kubernetes.workloads import Patch, Ref, Stale
from runbooks.vocabulary import Json
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.kubectl import KubectlFailed
from sandbox.cluster.kwok import PLACEMENT
from sandbox.service import manifests
from sandbox.waiting import until
from tests.steps.kube import image, json_patch
from tests.twin.edits import edit_of, stands
from tests.twin.histories import History, Op

_PATIENCE = 300  # seconds: the machine may have much else to do


@dataclass
class Twin:
    """One Deployment, and all who do something to it."""

    plane: ControlPlane
    admin: Clusters
    workloads: KubernetesWorkloads
    ref: Ref
    history: History

    def __post_init__(self) -> None:
        self._epoch = 0

    async def raw(self) -> Json:
        """The Deployment, as the bot reads it."""
        return await self.workloads.read(self.ref)

    async def create(self, version: str) -> None:
        """By a manifest, and until its pods are there."""
        made = manifests.deployment(
            self.ref.namespace, version=version, replicas=self.history.replicas, name=self.ref.deployment
        )
        made["spec"]["revisionHistoryLimit"] = self.history.keeps
        made["spec"]["template"]["spec"] |= PLACEMENT
        await self._send("POST", _deployments(self.ref.namespace), "kubectl-create", made)
        await self.settled()

    async def do(self, op: Op) -> None:
        """Whatever it is."""
        match op.what:
            case "good deploy" | "bad deploy":
                await self._deploy(op.detail)
            case "settles":
                await self.settled()
            case "edit":
                await self._edit(op.detail)
            case "scale to":
                await self._patch("kubectl", json_patch("replace", "/spec/replicas", int(op.detail)))
            case "autoscaler":
                await self._autoscale(int(op.detail))
            case "pause":
                await self._patch("kubectl-rollout", json_patch("add", "/spec/paused", value=True))
            case "prune":
                await self._prune()
            case "kubectl undo":
                await self.undo()
            case "replaced by a manifest of":
                await self._replace(op.detail)
            case _:
                raise ValueError(op)

    async def undo(self) -> str:
        """`kubectl rollout undo`; why it refused, "" where it did not."""
        arguments = ("rollout", "undo", f"deployment/{self.ref.deployment}", "--namespace", self.ref.namespace)
        try:
            await asyncio.to_thread(self.plane.kubectl, *arguments)
        except KubectlFailed as refused:
            return str(refused)
        return ""

    async def resume(self) -> None:
        """What a refusal told to do."""
        await self._patch("kubectl-rollout", json_patch("remove", "/spec/paused"))

    async def settled(self) -> None:
        """Until the controllers have taken up what is there; pods that will never be ready are not waited for."""

        async def is_so() -> bool:
            raw = await self.raw()
            status, wanted = raw.get("status", {}), raw["spec"]["replicas"]
            if status.get("observedGeneration", 0) < raw["metadata"]["generation"]:
                return False
            bad = template_of(raw)["spec"]["containers"][0]["image"].endswith(("crash", "never-ready"))
            done = status.get("availableReplicas", 0) == status.get("replicas", 0) == wanted
            new = status.get("updatedReplicas", 0)
            return is_paused(raw) or wanted == 0 or (new > 0 if bad else done and new == wanted)

        await until(is_so, what=f"{self.ref.deployment} settled", seconds=_PATIENCE)

    async def remove(self) -> None:
        """Take it away with all that belongs to it."""
        await self._delete()
        where = path("apis", "autoscaling", "v2", "namespaces", self.ref.namespace, "horizontalpodautoscalers")
        await self.admin.send("admin", "DELETE", f"{where}/{self.ref.deployment}")

    async def _deploy(self, version: str) -> None:
        """As this bot does it; a paused Deployment it refuses."""
        self._epoch += 1
        while not is_paused(raw := await self.raw()):
            patch = set_images(raw, {"api": image(version)}, epoch=self._epoch, run="D-1", cause=version)
            try:
                await self.workloads.patch(self.ref, patch)
            except Stale:
                continue
            return

    async def _edit(self, kind: str) -> None:
        template = template_of(await self.raw())
        if not stands(kind, template):
            edit = edit_of(kind, template)
            await self._patch(edit.manager, edit.patch)

    async def _autoscale(self, least: int) -> None:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.ref.deployment}
        spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": least + 2}
        where = path("apis", "autoscaling", "v2", "namespaces", self.ref.namespace, "horizontalpodautoscalers")
        body = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": self.ref.deployment},
            "spec": spec,
        }
        await self._send("POST", where, "kubectl-autoscale", body)

    async def _prune(self) -> None:
        """Somebody clears away the ReplicaSets that have no pods."""
        raw = await self.raw()
        for one in await self.workloads.replica_sets(self.ref, raw["spec"]["selector"]):
            if not one["spec"]["replicas"]:
                where = path("apis", "apps", "v1", "namespaces", self.ref.namespace, "replicasets")
                await self.admin.send("admin", "DELETE", f"{where}/{one['metadata']['name']}")

    async def _replace(self, version: str) -> None:
        await self._delete()

        async def gone() -> bool:
            where = f"{_deployments(self.ref.namespace)}/{self.ref.deployment}"
            return not (await self.admin.send("admin", "GET", where)).ok

        await until(gone, what=f"{self.ref.deployment} gone", seconds=_PATIENCE)
        await self.create(version)

    async def _delete(self) -> None:
        where = f"{_deployments(self.ref.namespace)}/{self.ref.deployment}"
        await self.admin.send("admin", "DELETE", where, query=[("propagationPolicy", "Background")])

    async def _patch(self, manager: str, patch: Patch) -> None:
        where = f"{_deployments(self.ref.namespace)}/{self.ref.deployment}"
        await self._send("PATCH", where, manager, patch, kind=JSON_PATCH)

    async def _send(self, method: str, where: str, manager: str, body: object, **kind: str) -> Reply:
        query = [("fieldManager", manager)]
        reply = await self.admin.send("admin", method, where, query=query, body=body, **kind)
        if not reply.ok:
            raise RuntimeError(f"{method} {where}: {reply.status} {json.loads(reply.body).get('message')}")
        return reply


def _deployments(namespace: str) -> str:
    return path("apis", "apps", "v1", "namespaces", namespace, "deployments")
