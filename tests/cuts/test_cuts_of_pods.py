"""The steps whose effects are on a cluster, cut off as all others are: nothing is changed twice there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from runbooks.steps.kubernetes.deployments import EPOCH, annotation
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.take_over import TakeOver
from runbooks.vocabulary import Json, Pending
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.identities import OPSBOT_USER
from sandbox.service import manifests
from tests.cuts.playing import Effects, Play, Scenario
from tests.cuts.seam import WHERE, Seam
from tests.engine.world import World
from tests.steps.kube import API, ROLLOUT, Kube, connected
from tests.steps.restoring import NO_DATABASES, deployed, recorded
from tests.steps.test_take_over import Fences, Holders

pytestmark = pytest.mark.cluster


@pytest.fixture
async def kube(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Kube]:
    async with connected(control_plane, namespace) as kube:
        yield kube


def _place(kube: Kube) -> dict[str, Json]:
    return {
        "service": {"image": manifests.IMAGE, "workloads": [{"deployment": API, "containers": ["api"]}]},
        "environment": {"namespace": kube.namespace, "rollout": ROLLOUT},
    }


def _changes(kube: Kube) -> Callable[[], Awaitable[Effects]]:
    """How often the bot changed the pods, by the API server's own log."""

    async def counted() -> Effects:
        writes = kube.cluster.audit.writes("deployments", namespace=kube.namespace, user=OPSBOT_USER)
        changes = sum(write.effective and _of_pods(write.body) for write in writes)
        return {"changes": changes} if changes else {}

    return counted


def _of_pods(patch: Json) -> bool:
    return any(one["op"] != "test" and one["path"].startswith("/spec/template") for one in patch)


async def rolled_out(kube: Kube) -> Scenario:
    await kube.create("v41")

    def steps(seam: Seam) -> list[Any]:
        return [Rollout(seam.around(kube.workloads))]

    return Scenario(steps, effects=_changes(kube), once={"changes": 1}, goes_on=True, **_place(kube))


async def restored(kube: Kube) -> Scenario:
    await kube.create("v41")
    target = await recorded(kube)
    await deployed(kube, "v43")

    def steps(seam: Seam) -> list[Any]:
        return [Restore(seam.around(kube.workloads), seam.around(NO_DATABASES))]

    return Scenario(steps, target=target, effects=_changes(kube), once={"changes": 1}, goes_on=True, **_place(kube))


async def taken_over(kube: Kube) -> Scenario:
    await kube.create("v41")
    target = await recorded(kube)

    def steps(seam: Seam) -> list[Any]:
        holders, database = seam.around(Holders()), seam.around(Fences())
        return [TakeOver(seam.around(kube.workloads), holders=holders, database=database, steps={})]

    async def fenced() -> Effects:
        return {"fenced": 1} if annotation(await kube.raw(), EPOCH) else {}

    return Scenario(steps, target=target, effects=fenced, once={"fenced": 1}, **_place(kube))


ON_A_CLUSTER = {Rollout.uses: rolled_out, Restore.uses: restored, TakeOver.uses: taken_over}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("uses", ON_A_CLUSTER)
async def test_it_does_as_it_declares(uses: str, where: str, kube: Kube, small_world: World) -> None:
    scenario = await ON_A_CLUSTER[uses](kube)
    found = await Play(scenario, small_world.store, small_world, Seam(WHERE[where])).through()
    assert (found.seam.dead, found.cut_amid, found.asked) == (True, True, [])
    assert found.effects == scenario.once
    assert isinstance(found.run.steps["the-step"].outcome, Pending) is scenario.goes_on
    assert int(annotation(await kube.raw(), EPOCH)) >= found.run.steps["the-step"].epoch
