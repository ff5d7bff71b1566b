"""The last known good in a ConfigMap that is there already: it is changed under its name, and never created."""

from dataclasses import dataclass

from bot.adapters.kubernetes.client import MERGE_PATCH, Clusters, path
from bot.adapters.kubernetes.errors import asking, changing, cluster_named, fault_of_patch, fault_of_read
from runbooks.releases.lkg_file import NotKept
from runbooks.steps.kubernetes.deployments import FIELD_MANAGER
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Stale
from runbooks.vocabulary import Unreachable

KEY = "last-known-good.json"


@dataclass(frozen=True)
class ConfigMap:
    """One ConfigMap's address."""

    cluster: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"ConfigMap {self.name}"


class KubernetesConfigMaps:
    """Reads and patches through the clients of all clusters. Raises NotKept and Unreachable."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def write(self, ref: ConfigMap, text: str) -> None:
        """Make the ConfigMap hold this text; nothing is sent where it does."""
        if await self.read(ref) != text:
            await self._patch(ref, {"data": {KEY: text}})

    async def try_write(self, ref: ConfigMap) -> None:
        """See that it is there and may be written; it stays as it is."""
        text = await self.read(ref)
        await self._patch(ref, {"data": {KEY: text or ""}}, dry_run=True)

    async def read(self, ref: ConfigMap) -> str | None:
        """The text that it holds; None where it holds none yet."""
        try:
            with asking(ref.cluster):
                reply = await self._clusters.send(ref.cluster, "GET", _where(ref))
                if reply.ok:
                    found: str | None = (reply.json().get("data") or {}).get(KEY)
                    return found
            raise fault_of_read(ref.cluster, reply.status, reply.body, str(ref))
        except (Missing, Denied) as fault:
            raise _not_kept(ref, fault) from fault

    async def _patch(self, ref: ConfigMap, patch: object, *, dry_run: bool = False) -> None:
        query = [("fieldManager", FIELD_MANAGER), *([("dryRun", "All")] if dry_run else [])]
        try:
            with changing(ref.cluster):
                reply = await self._clusters.send(
                    ref.cluster, "PATCH", _where(ref), query=query, body=patch, kind=MERGE_PATCH
                )
            if not reply.ok:
                raise fault_of_patch(ref.cluster, reply.status, reply.body, str(ref))
        except (Missing, Denied) as fault:
            raise _not_kept(ref, fault) from fault
        except (Stale, AnswerLost) as fault:  # whether it stands there is read the next time
            raise Unreachable(cluster_named(ref.cluster), "its answer was lost") from fault


def _where(ref: ConfigMap) -> str:
    return path("api", "v1", "namespaces", ref.namespace, "configmaps", ref.name)


def _not_kept(ref: ConfigMap, fault: Missing | Denied) -> NotKept:
    if isinstance(fault, Denied):
        return NotKept(fault.sentence)
    make = f"kubectl create configmap {ref.name} --namespace {ref.namespace}"
    return NotKept(f"Namespace {ref.namespace} has no ConfigMap {ref.name}. Make it, empty: {make}")
