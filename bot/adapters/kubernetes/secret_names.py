"""Whether a Secret is there, asked so that nothing of what is in it is sent; meets `trial.SecretNames`."""

from http import HTTPStatus

from bot.adapters.kubernetes.client import Clusters, path
from bot.adapters.kubernetes.errors import asking, fault_of_read
from runbooks.steps.kubernetes.workloads import Ref


class KubernetesSecretNames:
    """Asks the clusters of the catalogue."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def there(self, ref: Ref, name: str) -> bool | None:
        """Whether the namespace has it; None where that may not be asked, as the bot itself must not."""
        where = path("api", "v1", "namespaces", ref.namespace, "secrets", name)
        with asking(ref.cluster):
            reply = await self._clusters.name_alone(ref.cluster, where)
        match reply.status:
            case HTTPStatus.OK:
                return True
            case HTTPStatus.NOT_FOUND:
                return False
            case HTTPStatus.FORBIDDEN:
                return None
            case _:
                raise fault_of_read(ref.cluster, reply.status, reply.body, f"Secret {name}")
