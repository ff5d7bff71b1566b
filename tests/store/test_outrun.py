"""A bot's database that is new or was restored: its epochs get ahead of those on the targets."""

from collections.abc import AsyncIterator

import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.adopting import NotAdopted, outrun
from runbooks.steps.kubernetes.changing import fence
from runbooks.steps.kubernetes.workloads import refs_of
from runbooks.store import Changes, Work
from sandbox.cluster.control_plane import ControlPlane
from tests.steps.kube import Kube, connected

pytestmark = pytest.mark.cluster


@pytest.fixture
async def kube(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Kube]:
    async with connected(control_plane, namespace) as kube:
        yield kube


async def drawn(store: PostgresStore) -> int:
    """The epoch of the next claim."""
    await store.commit(Changes(wake=(Work("record", "release/api/production"),)))
    lease = await store.claim(["record"])
    assert lease is not None
    await store.finish(lease, None)
    return lease.epoch


async def test_a_new_database_gets_ahead_of_what_stands_on_the_workloads(store: PostgresStore, kube: Kube) -> None:
    await kube.create()
    [ref] = refs_of(kube.site())
    await fence(kube.workloads, ref, epoch=812)
    assert await drawn(store) < 812
    await outrun(store, kube.workloads, kube.site())
    assert await drawn(store) == 813
    await outrun(store, kube.workloads, kube.site())
    assert await drawn(store) == 814


async def test_a_number_that_was_never_an_epoch_is_refused(store: PostgresStore, kube: Kube) -> None:
    await kube.create()
    [ref] = refs_of(kube.site())
    await fence(kube.workloads, ref, epoch=10**15)
    with pytest.raises(NotAdopted, match="Remove it, and adopt again"):
        await outrun(store, kube.workloads, kube.site())
