"""`kubernetes.rollout` on a real control plane: what it plans, what it patches, and what it refuses to touch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.catalogue import Tag
from runbooks.steps.base import Params, Turn
from runbooks.steps.kubernetes import deployments
from runbooks.steps.kubernetes.deployments import CAUSE, EPOCH, RUN, annotation
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.workloads import Patch, Ref
from runbooks.vocabulary import (
    Failed,
    Fenced,
    KnownGood,
    KnownWorkload,
    NotDone,
    Pending,
    Plan,
    PlanningFailed,
    Unreachable,
)
from sandbox.service.manifests import IMAGE
from tests.steps.forwarder import Forwarder
from tests.steps.kube import API, WORKER, Interfering, Kube, image, images, json_patch, planned

pytestmark = pytest.mark.cluster
IMAGE_PATH = "/spec/template/spec/containers/0/image"


@pytest.fixture
def rollout(kube: Kube) -> Rollout:
    return Rollout(kube.workloads)


# ---------------------------------------------------------------- planning


async def test_the_plan_names_images_from_and_to(kube: Kube, rollout: Rollout) -> None:
    raw = await kube.create("v41", replicas=3)
    turn = await planned(rollout, kube.site())
    containers = {"api": {"from": image("v41"), "to": image("v42")}}
    assert turn.step.params == {
        "workloads": [{"deployment": API, "uid": raw["metadata"]["uid"], "containers": containers}]
    }
    assert turn.step.shows == (f"Deployment {API}: v41 → v42 · 3 replicas",)


async def test_it_reads_what_runs_now(kube: Kube, rollout: Rollout) -> None:
    await kube.allow(WORKER)
    await kube.create("v42")
    await kube.create("v41", name=WORKER)
    good = KnownGood("D-99", "release 41", "3" * 40, (), "", "sha256:0", datetime.now(UTC))
    site = kube.site(workloads=(API, WORKER))
    assert (await rollout.resolve(Params(), site)).runs == ("v42", "v41")
    assert (await rollout.resolve(Params(), replace(site, known_good=good))).runs == ("v42", "v41")
    tagged = site.service.model_copy(update={"tag": Tag.SHORT_COMMIT})
    await kube.set_image("3333333", WORKER)
    known = replace(site, service=tagged, known_good=good)
    assert (await rollout.resolve(Params(), known)).runs == ("v42", "release 41")
    template = deployments.template_of(await kube.raw(WORKER))
    ran = KnownWorkload(WORKER, "", template, {"api": f"{IMAGE}@sha256:{'a' * 64}"})
    await kube.edit(json_patch("replace", IMAGE_PATH, f"{IMAGE}@sha256:{'a' * 64}"), WORKER)
    await kube.edit(json_patch("replace", IMAGE_PATH, "localhost:5000/someones/api"))
    by_digest = replace(site, known_good=replace(good, workloads=(ran,)))
    assert (await rollout.resolve(Params(), by_digest)).runs == ("api", "release 41")


async def test_what_runs_is_no_part_of_what_is_approved(kube: Kube, rollout: Rollout) -> None:
    await kube.create("v41")
    plan = Plan(
        "deployment", "d", "api", "production", "v42", "4" * 40, ((await planned(rollout, kube.site())).step,)
    )
    other = replace(plan, steps=(replace(plan.steps[0], runs=("v40",)),))
    assert (plan.digest, plan.runs, other.runs) == (other.digest, ("v41",), ("v40",))


async def refusal(rollout: Rollout, kube: Kube, *workloads: str) -> str:
    with pytest.raises(PlanningFailed) as refused:
        await planned(rollout, kube.site(workloads=workloads or (API,)))
    return refused.value.sentence


async def test_a_deployment_that_does_not_exist(kube: Kube, rollout: Rollout) -> None:
    assert await refusal(rollout, kube) == (
        f"There is no Deployment {API} in namespace {kube.namespace} of cluster main. "
        "Create it, or correct the service's workloads in the catalogue."
    )


async def test_a_deployment_that_does_not_exist_where_listing_is_allowed(kube: Kube) -> None:
    await kube.create(name="web")
    await kube.create(name="jobs")
    async with Clusters({"main": Address(kube.cluster.admin_kubeconfig)}) as clusters:
        assert await refusal(Rollout(KubernetesWorkloads(clusters)), kube) == (
            f"There is no Deployment {API} in namespace {kube.namespace} of cluster main. Existing: jobs, web. "
            "Create it, or correct the service's workloads in the catalogue."
        )


async def test_a_deployment_that_the_bot_may_not_read(kube: Kube, rollout: Rollout) -> None:
    assert await refusal(rollout, kube, "other") == (
        f"The cluster main does not let this bot read Deployment other in namespace {kube.namespace}. "
        "Check its name in the catalogue, or grant the right (`opsbot doctor` lists them)."
    )


async def test_a_paused_deployment(kube: Kube, rollout: Rollout) -> None:
    await kube.create(paused=True)
    assert await refusal(rollout, kube) == (
        f"Deployment {API} in namespace {kube.namespace} is paused, so new pods would never come. "
        f"Resume it (kubectl rollout resume deployment/{API}), then try again."
    )


async def test_a_deployment_scaled_to_zero(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    await kube.kubectl("scale", f"deployment/{API}", "--replicas=0")
    assert await refusal(rollout, kube) == (
        f"Deployment {API} in namespace {kube.namespace} has zero replicas (scaled down by a person or by an "
        "autoscaler), so no new pod would show whether the release works. Scale it up, then try again."
    )


async def test_a_deployment_edited_to_zero(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    await kube.edit(json_patch("replace", "/spec/replicas", 0))
    assert "(set by kubectl-patch, not by an autoscaler)" in await refusal(rollout, kube)


async def test_a_container_that_is_not_there(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    site = kube.site()
    workload = site.service.workloads[0].model_copy(update={"containers": ("web",)})
    service = site.service.model_copy(update={"workloads": (workload,)})
    with pytest.raises(PlanningFailed) as refused:
        await planned(rollout, replace(site, service=service))
    assert refused.value.sentence == (
        f"Deployment {API} has no container web; it has api. Correct the service's workloads in the catalogue."
    )


# ---------------------------------------------------------------- patching


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
    await kube.create()
    workloads = Interfering(kube.clusters, lambda: kube.set_image("v43"), dry_run=dry_run)
    turn = await planned(Rollout(workloads), kube.site())
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


# ---------------------------------------------------------------- the fence


async def test_an_older_holder_is_refused(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site(), epoch=7)
    assert await rollout.abandon(replace(turn, epoch=9)) == "no pod was changed"
    with pytest.raises(Fenced, match=f"Deployment {API} was taken over by holder 9, this was 7"):
        await rollout.start(turn)
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_a_holder_stopped_between_read_and_patch_is_refused_though_the_template_is_as_it_read(
    kube: Kube,
) -> None:
    """The epoch alone tells: meanwhile it was rolled back to the very template that was read."""
    await kube.create()
    later = Rollout(kube.workloads)

    async def taken_over() -> None:
        await kube.set_image("v43")
        await kube.set_image("v41")
        await later.abandon(replace(turn, epoch=9))

    stopped = Rollout(Interfering(kube.clusters, taken_over))
    turn = await planned(stopped, kube.site(), epoch=7)
    with pytest.raises(Fenced):
        await stopped.start(turn)
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_of_many_that_fence_at_once_the_last_epoch_stands(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    answers = await asyncio.gather(
        *(rollout.abandon(replace(turn, epoch=epoch)) for epoch in range(8, 14)), return_exceptions=True
    )
    unexpected = [a for a in answers if not isinstance(a, str | Fenced | Unreachable)]
    assert unexpected == []
    assert annotation(await kube.raw(), EPOCH) == str(max(8 + i for i, a in enumerate(answers) if isinstance(a, str)))


async def test_an_epoch_that_is_no_number_is_told(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.kubectl("annotate", "deployment", API, f"{EPOCH}=soon")
    outcome = await rollout.start(turn)
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(f"Deployment {API} has an annotation {EPOCH} that is no number. Remove it")


# ---------------------------------------------------------------- cut off


async def test_cut_off_before_the_patch_it_is_to_be_started(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = replace(await planned(rollout, kube.site()), epoch=8)
    assert await rollout.settle(turn) == NotDone()
    assert annotation(await kube.raw(), EPOCH) == "8"


async def test_cut_off_after_the_patch_it_goes_on_watching(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await rollout.start(turn)
    again = replace(turn, epoch=8)
    outcome = await rollout.settle(again)
    assert isinstance(outcome, Pending)
    assert isinstance(await rollout.check(again, outcome.token), Pending)
    assert annotation(await kube.raw(), EPOCH) == "8"
    with pytest.raises(Fenced):
        await rollout.check(turn, outcome.token)


async def test_cut_off_between_two_deployments_the_second_is_made_up_for(kube: Kube, rollout: Rollout) -> None:
    await kube.allow(WORKER)
    await kube.create()
    await kube.create(name=WORKER)
    both = await planned(rollout, kube.site(workloads=(API, WORKER)))
    first = replace(both, step=replace(both.step, params={"workloads": both.step.params["workloads"][:1]}))
    await rollout.start(first)
    again = replace(both, epoch=8)
    assert await rollout.settle(again) == NotDone()
    assert isinstance(await rollout.start(again), Pending)
    assert images(await kube.raw(WORKER)) == {"api": image("v42")}
    assert await rollout.abandon(replace(both, epoch=9)) == "2 of 2 workloads were already patched to v42"


async def test_abandoned_half_way_it_says_so(kube: Kube, rollout: Rollout) -> None:
    await kube.allow(WORKER)
    await kube.create()
    await kube.create(name=WORKER)
    both = await planned(rollout, kube.site(workloads=(API, WORKER)))
    first = replace(both, step=replace(both.step, params={"workloads": both.step.params["workloads"][:1]}))
    await rollout.start(first)
    assert await rollout.abandon(replace(both, epoch=9)) == "1 of 2 workloads was already patched to v42"


async def test_the_same_image_set_by_somebody_else_is_not_this_runs_work(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.set_image("v42")
    assert await rollout.abandon(replace(turn, epoch=8)) == "no pod was changed"


# ---------------------------------------------------------------- lost answers


@pytest.fixture
async def forwarder(kube: Kube) -> AsyncIterator[Forwarder]:
    async with Forwarder(kube.cluster.server) as forwarder:
        yield forwarder


@pytest.fixture
async def forwarded(kube: Kube, forwarder: Forwarder, tmp_path: Path) -> AsyncIterator[Clusters]:
    """The bot's clients, their connections led through the forwarder."""
    config = yaml.safe_load(kube.cluster.opsbot_kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = forwarder.address
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    async with Clusters({"main": Address(path)}, timeout=2) as clusters:
        yield clusters


class Breaking(KubernetesWorkloads):
    """The real thing, behind a forwarder that breaks the first real patch."""

    def __init__(self, clusters: Clusters, arm: Callable[[], None]) -> None:
        super().__init__(clusters)
        self._arm = arm
        self.patches = 0

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> None:
        if not dry_run:
            self.patches += 1
            if self.patches == 1:
                self._arm()
        await super().patch(ref, patch, dry_run=dry_run)


async def broken(kube: Kube, workloads: Breaking) -> tuple[Turn, object]:
    await kube.create()
    turn = await planned(Rollout(workloads), kube.site())
    return turn, await Rollout(workloads).start(turn)


async def test_an_answer_that_is_lost_is_read_again_and_not_patched_twice(
    kube: Kube, forwarder: Forwarder, forwarded: Clusters
) -> None:
    workloads = Breaking(forwarded, forwarder.lose_next_answer)
    _, outcome = await broken(kube, workloads)
    assert isinstance(outcome, Pending)
    assert (workloads.patches, forwarder.lost) == (1, 1)
    assert images(await kube.raw()) == {"api": image("v42")}


async def test_an_answer_that_never_comes_is_read_again_too(
    kube: Kube, forwarder: Forwarder, forwarded: Clusters
) -> None:
    workloads = Breaking(forwarded, forwarder.withhold_next_answer)
    _, outcome = await broken(kube, workloads)
    assert isinstance(outcome, Pending)
    assert (workloads.patches, forwarder.lost) == (1, 1)


async def test_a_request_that_is_lost_is_sent_again(kube: Kube, forwarder: Forwarder, forwarded: Clusters) -> None:
    workloads = Breaking(forwarded, forwarder.lose_next_request)
    _, outcome = await broken(kube, workloads)
    assert isinstance(outcome, Pending)
    assert (workloads.patches, forwarder.lost) == (2, 1)
    assert (await kube.raw())["metadata"]["generation"] == 2


async def test_a_cluster_that_is_gone_is_unreachable_and_the_step_can_be_started_again(
    kube: Kube, rollout: Rollout, forwarder: Forwarder, forwarded: Clusters
) -> None:
    workloads = Breaking(forwarded, forwarder.stop)
    await kube.create()
    turn = await planned(Rollout(workloads), kube.site())
    with pytest.raises(Unreachable, match="Kubernetes cluster main did not answer: no connection"):
        await Rollout(workloads).start(turn)
    assert isinstance(await rollout.start(turn), Pending)
