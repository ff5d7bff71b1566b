"""A namespace of a test's own in which pods really run, by a node that a module's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from sandbox.cluster.control_plane import ControlPlane
from sandbox.node import Node
from tests.fixtures.node import running_node
from tests.steps.kube import Kube, connected


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(control_plane: ControlPlane, service_repository: Path, image_cache: Path) -> AsyncIterator[Node]:
    """The node; its pods are processes of the sample service."""
    async with running_node(control_plane, repository=service_repository, cache=image_cache) as node:
        yield node


@pytest_asyncio.fixture(loop_scope="module")
async def kube(control_plane: ControlPlane, namespace: str, node: Node) -> AsyncIterator[Kube]:
    """The namespace, and the bot's clients; on the node's event loop."""
    async with connected(control_plane, namespace) as kube:
        yield kube
