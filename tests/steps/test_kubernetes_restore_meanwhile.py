"""What happens to a Deployment while `kubernetes.restore` acts, and what it leaves behind: paused, scaled, stale."""

import asyncio
import copy

import pytest

from runbooks.steps.kubernetes.deployments import template_of
from runbooks.steps.kubernetes.patches import set_template
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.workloads import Stale
from runbooks.vocabulary import Done, Failed, Json, Pending
from sandbox.cluster.kwok import PLACEMENT, Kwok
from sandbox.waiting import until
from tests.steps.kube import API, Interfering, Kube, image, images, json_patch, watched
from tests.steps.restoring import NO_DATABASES, deployed, recorded, rolling_back, unseen

pytestmark = pytest.mark.cluster


async def test_paused_between_our_read_and_our_patch_it_is_refused(kube: Kube) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await deployed(kube, "v44")
    paused = Interfering(kube.clusters, lambda: kube.kubectl("rollout", "pause", "deployment", API))
    restore = Restore(paused, NO_DATABASES)
    outcome = await restore.start(await unseen(kube, restore, known))
    assert isinstance(outcome, Failed)
    assert f"Deployment {API} in namespace {kube.namespace} is paused, so v41 would not come back." in outcome.reason
    assert images(await kube.raw()) == {"api": image("v44")}


async def test_scaled_between_our_read_and_our_patch_it_goes_through_and_the_number_stays(kube: Kube) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await deployed(kube, "v44")
    scaled = Interfering(kube.clusters, lambda: kube.kubectl("scale", "deployment", API, "--replicas=4"))
    restore = Restore(scaled, NO_DATABASES)
    assert isinstance(await restore.start(await unseen(kube, restore, known)), Pending)
    raw = await kube.raw()
    assert (images(raw), raw["spec"]["replicas"], scaled.patches) == ({"api": image("v41")}, 4, 1)


async def test_of_twelve_at_once_exactly_one_changes_the_template_that_all_of_them_read(kube: Kube) -> None:
    raw = await kube.create("v41")

    async def won(number: int) -> bool:
        template = copy.deepcopy(template_of(raw))
        template["spec"]["containers"][0]["image"] = image(f"v{number}")
        patch = set_template(raw, template, epoch=9, run=f"R-{number}", cause="one of twelve")
        try:
            await kube.workloads.patch(kube.ref(), patch)
        except Stale:
            return False
        return True

    winners = [number for number, one in enumerate(await asyncio.gather(*map(won, range(12)))) if one]
    assert len(winners) == 1
    assert images(await kube.raw()) == {"api": image(f"v{winners[0]}")}


async def test_the_order_of_env_alone_is_somebodys_change_and_comes_back(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    more = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    await kube.edit(json_patch("replace", "/spec/template/spec/containers/0/env", more))
    known = await recorded(kube)
    await kube.edit(json_patch("replace", "/spec/template/spec/containers/0/env", more[::-1]))
    turn = await rolling_back(kube, restore, known)
    assert turn.step.shows[1].startswith(f"Overwrites what others changed in {API}: order of env of container api (")
    assert isinstance(await restore.start(turn), Pending)
    assert template_of(await kube.raw()) == known.workloads[0].template


async def test_a_stale_condition_of_the_bad_release_does_not_fail_the_way_back(
    kube: Kube, restore: Restore, kwok: Kwok
) -> None:
    await kube.create("v41", pod=PLACEMENT, progressDeadlineSeconds=1)
    await kube.settled()
    known = await recorded(kube)
    await deployed(kube, "v44-never-ready")

    async def overdue() -> bool:
        conditions: list[Json] = (await kube.raw())["status"]["conditions"]
        return any(one.get("reason") == "ProgressDeadlineExceeded" for one in conditions)

    await until(overdue, what="its deadline is exceeded", seconds=30)
    turn = await unseen(kube, restore, known)
    outcome, _ = await watched(restore, turn, await restore.start(turn))
    assert isinstance(outcome, Done)
    assert outcome.line.startswith("1 of 1 pods on v41")
