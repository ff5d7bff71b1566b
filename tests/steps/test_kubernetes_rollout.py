"""`kubernetes.rollout` on a real control plane: its one patch, and what it never overwrites."""

import pytest

from runbooks.steps.kubernetes.deployments import CAUSE, EPOCH, RUN, annotation
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.vocabulary import Failed, Pending
from tests.steps.kube import API, WORKER, Interfering, Kube, image, images, json_patch, planned

pytestmark = pytest.mark.cluster
IMAGE_PATH = "/spec/template/spec/containers/0/image"


async def test_one_patch_sets_image_run_epoch_and_cause(kube: Kube, rollout: Rollout) -> None:
    before = await kube.create()
    turn = await planned(rollout, kube.site())
    assert isinstance(await rollout.start(turn), Pending)
    raw = await kube.raw()
    assert images(raw) == {"api": image("v42")}
    assert (annotation(raw, EPOCH), annotation(raw, RUN)) == ("7", "D-107")
    assert annotation(raw, CAUSE) == "D-107 deploys v42 a8005c2"
    assert raw["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert "opsbot" in {entry["manager"] for entry in raw["metadata"]["managedFields"]}


async def test_started_again_it_changes_nothing(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await rollout.start(turn)
    before = await kube.raw()
    counting = Interfering(kube.clusters, kube.raw, on="")
    assert isinstance(await Rollout(counting).start(turn), Pending)
    assert counting.patches == 0
    assert (await kube.raw())["metadata"]["generation"] == before["metadata"]["generation"]


async def test_a_deployment_without_any_annotation_takes_ours(kube: Kube, rollout: Rollout) -> None:
    await kube.create(paused=True)
    await kube.edit(json_patch("remove", "/spec/paused"))
    await kube.settled(pods=False)
    turn = await planned(rollout, kube.site())
    await kube.edit(json_patch("remove", "/metadata/annotations"))
    assert isinstance(await rollout.start(turn), Pending)
    assert annotation(await kube.raw(), RUN) == "D-107"


async def test_an_edit_after_the_approval_is_never_overwritten(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.set_image("v43")
    outcome = await rollout.start(turn)
    assert outcome == Failed(
        f"Deployment {API} changed since the plan was approved: container api is v43 now, not v41. "
        "Deploy again to plan anew. Nothing was changed."
    )
    assert images(await kube.raw()) == {"api": image("v43")}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_an_edit_between_our_read_and_our_patch_is_never_overwritten(kube: Kube, *, dry_run: bool) -> None:
    """Only several Deployments are tried dry first."""
    of = (API, WORKER) if dry_run else (API,)
    await kube.allow(*of)
    for name in of:
        await kube.create(name=name)
    workloads = Interfering(kube.clusters, lambda: kube.set_image("v43"), dry_run=dry_run)
    turn = await planned(Rollout(workloads), kube.site(workloads=of))
    outcome = await Rollout(workloads).start(turn)
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(
        f"Deployment {API} changed since the plan was approved: container api is v43 now"
    )
    assert images(await kube.raw()) == {"api": image("v43")}


async def test_an_edit_of_something_else_meanwhile_is_kept_and_the_patch_goes_through(kube: Kube) -> None:
    await kube.create()
    grace = "/spec/template/spec/terminationGracePeriodSeconds"
    workloads = Interfering(kube.clusters, lambda: kube.edit(json_patch("replace", grace, 9)))
    turn = await planned(Rollout(workloads), kube.site())
    assert isinstance(await Rollout(workloads).start(turn), Pending)
    raw = await kube.raw()
    assert images(raw) == {"api": image("v42")}
    assert raw["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 9
    assert workloads.patches == 2


async def test_scaling_meanwhile_is_no_conflict(kube: Kube) -> None:
    await kube.create()
    workloads = Interfering(kube.clusters, lambda: kube.kubectl("scale", f"deployment/{API}", "--replicas=2"))
    turn = await planned(Rollout(workloads), kube.site())
    assert isinstance(await Rollout(workloads).start(turn), Pending)
    assert workloads.patches == 1


async def test_paused_after_the_approval(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.edit(json_patch("add", "/spec/paused", value=True))
    assert await rollout.start(turn) == Failed(
        f"Deployment {API} changed since the plan was approved: it is paused. "
        "Deploy again to plan anew. Nothing was changed."
    )


async def test_deleted_and_created_anew_after_the_approval(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.kubectl("delete", "deployment", API)
    await kube.create()
    outcome = await rollout.start(turn)
    assert isinstance(outcome, Failed)
    assert "it was deleted and created anew" in outcome.reason
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_gone_after_the_approval(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.kubectl("delete", "deployment", API)
    assert await rollout.start(turn) == Failed(f"There is no Deployment {API} any more. Nothing was changed.")


async def test_of_two_deployments_none_is_changed_where_one_can_not_be(kube: Kube, rollout: Rollout) -> None:
    await kube.allow(WORKER)
    await kube.create()
    await kube.create(name=WORKER)
    turn = await planned(rollout, kube.site(workloads=(API, WORKER)))
    await kube.set_image("v40", WORKER)
    outcome = await rollout.start(turn)
    assert isinstance(outcome, Failed)
    assert outcome.reason.endswith("Nothing was changed.")
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_of_two_deployments_it_says_which_was_changed(kube: Kube) -> None:
    await kube.allow(WORKER)
    await kube.create()
    await kube.create(name=WORKER)
    workloads = Interfering(kube.clusters, lambda: kube.kubectl("delete", "deployment", WORKER), on=WORKER)
    turn = await planned(Rollout(workloads), kube.site(workloads=(API, WORKER)))
    assert await Rollout(workloads).start(turn) == Failed(
        f"There is no Deployment {WORKER} any more. Changed already: {API}; the others are as before."
    )
