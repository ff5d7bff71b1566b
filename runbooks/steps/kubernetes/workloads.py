"""The Deployments of a service as steps see them: where they are, what can be asked of them, how that can fail.

Objects are raw JSON in and out: a typed round trip would drop the fields it does not know.
"""

from dataclasses import dataclass
from typing import Protocol

from runbooks.steps.base import Site
from runbooks.vocabulary import Json

Patch = list[Json]
"""The operations of one JSON patch: tests, and what to do where all of them hold."""

TAIL_LINES = 20
"""As many of a log's last lines as show how a container ended."""


@dataclass(frozen=True)
class Ref:
    """One Deployment's address."""

    cluster: str
    namespace: str
    deployment: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.deployment}"


class Missing(Exception):
    """There is no Deployment of this name."""


class Stale(Exception):
    """A test of the patch did not hold, and nothing was changed: read again and decide again."""


class AnswerLost(Exception):
    """The patch was sent and its answer never came: it may have been applied, so read again."""


class Denied(Exception):
    """The cluster understood and will not do it; `sentence` says what and why, and may be shown."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Workloads(Protocol):
    """The clusters of the catalogue. Every method may raise Unreachable and Denied."""

    async def read(self, ref: Ref) -> Json:
        """The Deployment. Raises Missing."""
        ...

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        """Change the Deployment, never tried twice; answers it as it is then.

        Raises Missing, Stale, AnswerLost, Fenced.
        """
        ...

    async def names(self, ref: Ref) -> tuple[str, ...]:
        """The Deployments of the same namespace; empty where they may not be listed."""
        ...

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        """The ReplicaSets that the selector matches."""
        ...

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        """The Pods that the selector matches."""
        ...

    async def events(self, ref: Ref, uid: str) -> tuple[Json, ...]:
        """The warnings about the object with this uid."""
        ...

    async def tail(
        self, ref: Ref, pod: str, container: str, *, previous: bool, lines: int = TAIL_LINES
    ) -> tuple[str, ...]:
        """The last lines a container wrote, now or (`previous`) before its last restart; empty where it has none."""
        ...

    async def config_map(self, ref: Ref, name: str) -> Json | None:
        """The data of a ConfigMap of the same namespace (`data` and `binaryData`); None where there is none."""
        ...


def ref_of(site: Site, deployment: str) -> Ref:
    """Where a Deployment of the site stands."""
    return Ref(site.environment.cluster, site.environment.namespace, deployment)


def refs_of(site: Site) -> tuple[Ref, ...]:
    """All Deployments of the site's service, in the catalogue's order."""
    return tuple(ref_of(site, workload.deployment) for workload in site.service.workloads)
