"""How often the cluster is asked before a template is back: each time is time in which production is broken."""

from typing import Any

import pytest

from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.steps.kubernetes.changing import fence
from runbooks.steps.kubernetes.deployments import EPOCH, annotation
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.steps.kubernetes.workloads import Patch, Ref
from runbooks.vocabulary import Json, Pending
from tests.steps.kube import API, WORKER, Kube, image, images
from tests.steps.restoring import NO_DATABASES, deployed, recorded, rolling_back

pytestmark = pytest.mark.cluster


class Counting(KubernetesWorkloads):
    """The real thing; keeps what was asked of Deployments."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked: list[str] = []

    async def read(self, ref: Ref) -> Json:
        self.asked.append(f"read {ref.deployment}")
        return await super().read(ref)

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        self.asked.append(f"{'try' if dry_run else 'patch'} {ref.deployment}")
        return await super().patch(ref, patch, dry_run=dry_run)


async def test_one_deployment_is_back_after_one_read_and_one_patch(kube: Kube) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await deployed(kube, "v44")
    workloads = Counting(kube.clusters)
    restore = Restore(workloads, NO_DATABASES)
    turn = await rolling_back(kube, restore, known)
    workloads.asked.clear()
    assert isinstance(await restore.start(turn), Pending)
    assert workloads.asked == [f"read {API}", f"patch {API}"]
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_of_several_all_are_tried_before_the_first_is_changed(kube: Kube) -> None:
    await kube.allow(WORKER)
    for name in (API, WORKER):
        await kube.create("v41", name=name)
    known = await recorded(kube, API, WORKER)
    for name in (API, WORKER):
        await kube.set_image("v44", name)
    workloads = Counting(kube.clusters)
    restore = Restore(workloads, NO_DATABASES)
    turn = await rolling_back(kube, restore, known, API, WORKER)
    workloads.asked.clear()
    assert isinstance(await restore.start(turn), Pending)
    both = [[f"{what} {name}" for name in (API, WORKER)] for what in ("read", "try", "patch")]
    assert workloads.asked == [each for part in both for each in part]


async def test_a_fence_answers_what_the_cluster_answered_to_it(kube: Kube) -> None:
    await kube.create("v41")
    workloads = Counting(kube.clusters)
    fenced = await fence(workloads, kube.ref(), epoch=9)
    assert (annotation(fenced, EPOCH), workloads.asked) == ("9", [f"read {API}", f"patch {API}"])
    assert fenced["metadata"]["resourceVersion"] == (await kube.raw())["metadata"]["resourceVersion"]


async def test_the_confirmation_reads_it_once(kube: Kube) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await kube.set_image("v44")
    workloads = Counting(kube.clusters)
    shown = await preview(workloads, kube.site(run="", version="v41", target=known, known_good=known))
    assert workloads.asked == [f"read {API}"]
    assert shown.lines[0].startswith(f"Overwrites what others changed in {API}")
    assert len(shown.overwrites) == 1
