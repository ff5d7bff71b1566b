"""The cluster, two places of one service, and what commands are run with, as tests of steps use them."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.processes.runner import LocalProcesses
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.rollout import Rollout
from sandbox.cluster.control_plane import ControlPlane
from tests.fixtures.postgres import DatabaseFactory
from tests.steps.commanding import Kept
from tests.steps.kube import Kube, connected
from tests.steps.restoring import NO_DATABASES
from tests.steps.two_places import Two, two_places


@pytest.fixture
async def kube(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Kube]:
    """A namespace of the test's own, and the bot's clients."""
    async with connected(control_plane, namespace) as kube:
        yield kube


@pytest.fixture
def rollout(kube: Kube) -> Rollout:
    return Rollout(kube.workloads)


@pytest.fixture
def restore(kube: Kube) -> Restore:
    return Restore(kube.workloads, NO_DATABASES)


@pytest.fixture
def two(tmp_path: Path, database: DatabaseFactory) -> Two:
    return two_places(tmp_path, database)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def local(tmp_path: Path) -> LocalProcesses:
    return LocalProcesses(tmp_path, {"PATH": os.environ["PATH"]})
