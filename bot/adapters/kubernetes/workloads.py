"""Deployments and what belongs to them, over the Kubernetes API; meets `runbooks.steps.kubernetes.workloads`."""

from functools import partial
from http import HTTPStatus

from bot.adapters.kubernetes.client import JSON_PATCH, Clusters, Query, Reply, path
from bot.adapters.kubernetes.errors import asking, changing, fault_of_patch, fault_of_read
from bot.adapters.kubernetes.late import heard
from runbooks.steps.kubernetes.deployments import FIELD_MANAGER
from runbooks.steps.kubernetes.workloads import TAIL_LINES, Denied, Missing, Patch, Ref, Stale
from runbooks.vocabulary import Fenced, Json

_PAGE = "500"
_LINE_BYTES = 820  # of a log's line, on average, are read


class KubernetesWorkloads:
    """Reads and patches through the clients of all clusters."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def read(self, ref: Ref) -> Json:
        """The Deployment, raw."""
        return await self._get(ref, _deployments(ref, ref.deployment), f"Deployment {ref.deployment}")

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        """Send one JSON patch, once; the cluster answers with the whole object."""
        query = [("fieldManager", FIELD_MANAGER), *([("dryRun", "All")] if dry_run else [])]
        where, kind = _deployments(ref, ref.deployment), JSON_PATCH
        sending = self._clusters.send(ref.cluster, "PATCH", where, query=query, body=patch, kind=kind)
        with changing(ref.cluster):
            reply = await heard(sending, refused=partial(_too_late, ref))
            if reply.ok:
                return reply.json()  # an answer that can't be read is none
        raise fault_of_patch(ref.cluster, reply.status, reply.body, f"Deployment {ref.deployment}")

    async def names(self, ref: Ref) -> tuple[str, ...]:
        """All Deployments of the namespace, if listing is allowed."""
        try:
            found = await self._list(ref, _deployments(ref), [], "Deployments")
        except (Denied, Missing):
            return ()
        return tuple(sorted(str(item["metadata"]["name"]) for item in found))

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        """The matching ReplicaSets."""
        where = path("apis", "apps", "v1", "namespaces", ref.namespace, "replicasets")
        return await self._list(ref, where, [("labelSelector", label_selector(selector))], "ReplicaSets")

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        """The matching Pods."""
        where = _core(ref, "pods")
        return await self._list(ref, where, [("labelSelector", label_selector(selector))], "Pods")

    async def events(self, ref: Ref, uid: str) -> tuple[Json, ...]:
        """The warnings about one object."""
        query = [("fieldSelector", f"involvedObject.uid={uid},type=Warning")]
        return await self._list(ref, _core(ref, "events"), query, "Events")

    async def tail(
        self, ref: Ref, pod: str, container: str, *, previous: bool, lines: int = TAIL_LINES
    ) -> tuple[str, ...]:
        """The last lines; of a container that was never run, none."""
        query = [
            ("container", container),
            ("tailLines", str(lines)),
            ("limitBytes", str(lines * _LINE_BYTES)),
            *([("previous", "true")] if previous else []),
        ]
        reply = await self._send_get(ref, _core(ref, "pods", pod, "log"), query)
        return tuple(reply.body.decode(errors="replace").splitlines()) if reply.ok else ()

    async def config_map(self, ref: Ref, name: str) -> Json | None:
        """What a ConfigMap holds."""
        try:
            found = await self._get(ref, _core(ref, "configmaps", name), f"ConfigMap {name}")
        except Missing:
            return None
        return {key: found[key] for key in ("data", "binaryData") if found.get(key)}

    async def _list(self, ref: Ref, where: str, query: Query, what: str) -> tuple[Json, ...]:
        items: list[Json] = []
        more = ""
        while True:
            page = [*query, ("limit", _PAGE), *([("continue", more)] if more else [])]
            found = await self._get(ref, where, what, page)
            items += found.get("items") or ()
            more = found.get("metadata", {}).get("continue", "")
            if not more:
                return tuple(items)

    async def _get(self, ref: Ref, where: str, what: str, query: Query = ()) -> Json:
        reply = await self._send_get(ref, where, query)
        if reply.status != HTTPStatus.OK:
            named = f"{what} in namespace {ref.namespace}"
            raise fault_of_read(ref.cluster, reply.status, reply.body, named)
        with asking(ref.cluster):
            return reply.json()

    async def _send_get(self, ref: Ref, where: str, query: Query) -> Reply:
        with asking(ref.cluster):
            return await self._clusters.send(ref.cluster, "GET", where, query=query)


def _too_late(ref: Ref, reply: Reply) -> Fenced | None:
    """What a refused change tells a holder who was cut off meanwhile."""
    what = f"Deployment {ref.deployment}"
    match fault := fault_of_patch(ref.cluster, reply.status, reply.body, what):
        case Fenced():
            return fault
        case Stale():
            return Fenced(f"the cluster refused the change, since {what} is not as it was when that was decided")
        case _:
            return None


def label_selector(selector: Json) -> str:
    """A LabelSelector as the query parameter of the same meaning."""
    equal = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*equal, *map(_expression, selector.get("matchExpressions") or ())])


def _expression(expression: Json) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or ())
    forms = {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
    }
    return str(forms[expression["operator"]])


def _deployments(ref: Ref, *name: str) -> str:
    return path("apis", "apps", "v1", "namespaces", ref.namespace, "deployments", *name)


def _core(ref: Ref, *parts: str) -> str:
    return path("api", "v1", "namespaces", ref.namespace, *parts)
