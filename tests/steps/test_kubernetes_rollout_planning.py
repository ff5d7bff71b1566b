"""What `kubernetes.rollout` plans on a real control plane, and which Deployments it refuses to plan for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.catalogue import Tag
from runbooks.steps.base import Params
from runbooks.steps.kubernetes import deployments
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.vocabulary import KnownGood, KnownWorkload, Plan, PlanningFailed
from sandbox.service.manifests import IMAGE
from tests.steps.kube import API, WORKER, Kube, image, json_patch, planned

pytestmark = pytest.mark.cluster
IMAGE_PATH = "/spec/template/spec/containers/0/image"


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


@pytest.mark.parametrize("version", ["feature/x", "a+b", "v" * 129, "-v42"])
async def test_a_version_that_no_image_can_be_tagged_with_is_refused(
    kube: Kube, rollout: Rollout, version: str
) -> None:
    await kube.create("v41")
    site = replace(kube.site(), version=version)
    with pytest.raises(PlanningFailed) as refused:
        await rollout.resolve(Params(), site)
    assert refused.value.sentence == (
        f"No image can have “{version[:60]}” as its tag: a tag is made of letters, digits, “_”, “.” and “-”, "
        "128 at most. Deploy a version that is called so, or set `tag: commit` for solvereign-api in the catalogue."
    )
    by_commit = site.service.model_copy(update={"tag": Tag.COMMIT})
    assert (await rollout.resolve(Params(), replace(site, service=by_commit))).shows
