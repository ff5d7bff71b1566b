"""What the sandbox's Prometheus asks: every pod of the sample service on the node, for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sandbox.node import Node
from sandbox.prometheus import PrometheusServer, Target
from sandbox.service import manifests

_LOOK_AGAIN_SECONDS = 0.25


@asynccontextmanager
async def scraping(node: Node, namespaces: Collection[str], *, folder: Path) -> AsyncIterator[PrometheusServer]:
    """A Prometheus that asks the pods of these namespaces. Raises PrometheusUnavailable."""
    with PrometheusServer(folder) as server:
        keeping = asyncio.create_task(_keep(server, node, namespaces))
        try:
            yield server
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


async def _keep(server: PrometheusServer, node: Node, namespaces: Collection[str]) -> None:
    while True:
        server.scrape([target for namespace in namespaces for target in _targets(node, namespace)])
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _targets(node: Node, namespace: str) -> list[Target]:
    pods = node.pods(namespace, manifests.LABELS)
    return [
        Target(pod.containers[0].port, (("namespace", namespace), ("pod", pod.name)))
        for pod in pods
        if not pod.terminating
    ]
