"""What this bot may do in a cluster, asked of the cluster itself (SelfSubjectAccessReview)."""

from dataclasses import dataclass
from http import HTTPStatus

from bot.adapters.kubernetes.client import Clusters, path
from bot.adapters.kubernetes.errors import asking, fault_of_read
from runbooks.vocabulary import Json

_REVIEWS = path("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews")


@dataclass(frozen=True)
class Right:
    """A verb on a resource, as RBAC knows them; "" for `namespace` is the whole cluster, for `name` every name."""

    verb: str
    resource: str  # with its subresource: pods/log
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.kind}"

    @property
    def kind(self) -> str:
        """The resource as kubectl writes it: `deployments.apps/scale`, and the name, if it is one's."""
        resource, slash, subresource = self.resource.partition("/")
        group = f".{self.group}" if self.group not in ("", "*") else ""
        return f"{resource}{group}{slash}{subresource}" + (f" {self.name}" if self.name else "")


class KubernetesRights:
    """Asks through the clients of all clusters. Raises Unreachable and Denied."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def version(self, cluster: str) -> str:
        """The version of the cluster's API."""
        with asking(cluster):
            reply = await self._clusters.send(cluster, "GET", path("version"))
            if reply.status == HTTPStatus.OK:
                return str(reply.json().get("gitVersion", ""))
        raise fault_of_read(cluster, reply.status, reply.body, "its version")

    async def may(self, cluster: str, right: Right) -> bool:
        """Whether this bot may do that."""
        with asking(cluster):
            reply = await self._clusters.send(cluster, "POST", _REVIEWS, body=_review(right))
            if reply.ok:
                return bool(reply.json()["status"].get("allowed"))
        raise fault_of_read(cluster, reply.status, reply.body, "its own rights")


def _review(right: Right) -> Json:
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": right.namespace,
        "name": right.name,  # by a field selector it would say no where the request is allowed
    }
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    return {**kind, "spec": {"resourceAttributes": attributes}}
