"""What the confirmation of a rollback says of the cluster, from a real control plane. Reading changes nothing."""

import json

import pytest

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.steps.kubernetes.deployments import EPOCH, annotation
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.vocabulary import KnownGood
from tests.steps.kube import API, Kube, json_patch
from tests.steps.restoring import NO_DATABASES, recorded, rolling_back

pytestmark = pytest.mark.cluster


async def told(kube: Kube, known: KnownGood) -> list[str]:
    shown = await preview(kube.workloads, kube.site(run="R-107", version="v41", target=known))
    return [line for line in shown.lines if not line.startswith("Overwrites")]


async def test_the_confirmation_says_what_comes_back_and_what_does_not(kube: Kube) -> None:
    config = {"REGION": "eu-central", "LOG_LEVEL": "info"}
    await kube.kubectl(
        "create", "configmap", "solvereign-env", *(f"--from-literal={k}={v}" for k, v in config.items())
    )
    await kube.create("v41", replicas=3)
    known = await recorded(kube)
    await kube.set_image("v44")
    assert await told(kube, known) == ["Pods: image and template back, 3 replicas stay · about 15 s"]
    change = {"data": {"LOG_LEVEL": "debug", "NEW_KEY": "x"}}
    await kube.kubectl("patch", "configmap", "solvereign-env", f"--patch={json.dumps(change)}")
    await kube.edit(json_patch("add", "/spec/paused", value=True))
    assert await told(kube, known) == [
        "Pods: image and template back, 3 replicas stay",
        f"Deployment {API} in namespace {kube.namespace} is paused, so v41 would not come back. "
        f"Resume it (kubectl rollout resume deployment/{API}), then roll back.",
        "Not brought back: ConfigMap solvereign-env changed since (2 keys)",
    ]
    await kube.kubectl("delete", "configmap", "solvereign-env")
    assert (await told(kube, known))[-1] == "Not brought back: ConfigMap solvereign-env is gone"


async def test_the_confirmation_names_who_may_undo_it(kube: Kube) -> None:
    raw = await kube.create("v41")
    known = await recorded(kube)
    await kube.kubectl("delete", "deployment", API)
    applied = {key: raw[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": API}}
    await kube.kubectl("apply", "--filename=-", stdin=json.dumps(applied))
    line = f"Deployment {API} is also changed by {{}}: its next apply may undo the rollback"
    assert (await told(kube, known))[1:] == [line.format("kubectl apply")]
    await kube.kubectl("delete", "deployment", API)
    options = ("--server-side", "--field-manager=argocd-controller")
    await kube.kubectl("apply", *options, "--filename=-", stdin=json.dumps(applied))
    assert (await told(kube, known))[1:] == [line.format("argocd-controller")]


async def test_the_confirmation_says_that_nothing_is_to_be_done(kube: Kube) -> None:
    await kube.create("v41")
    assert await told(kube, await recorded(kube)) == ["Pods: already as recorded, 1 replica stays"]


async def test_the_confirmation_says_what_is_in_the_way(kube: Kube) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await kube.kubectl("delete", "deployment", API)
    assert await told(kube, known) == [
        f"There is no Deployment {API} in namespace {kube.namespace} of cluster main. "
        "Create it, or correct the service's workloads in the catalogue."
    ]


async def test_reading_changes_nothing(kube: Kube) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    before = await kube.raw()
    await told(kube, known)
    async with Clusters({"main": Address(kube.cluster.opsbot_kubeconfig)}) as clusters:
        await rolling_back(kube, Restore(KubernetesWorkloads(clusters), NO_DATABASES), known)
    after = await kube.raw()
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert annotation(after, EPOCH) is None
