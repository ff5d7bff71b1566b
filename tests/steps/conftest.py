"""The cluster, as tests of the Kubernetes steps use it."""

from collections.abc import AsyncIterator

import pytest

from sandbox.cluster.control_plane import ControlPlane
from tests.steps.kube import Kube, connected


@pytest.fixture
async def kube(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Kube]:
    """A namespace of the test's own, and the bot's clients."""
    async with connected(control_plane, namespace) as kube:
        yield kube
