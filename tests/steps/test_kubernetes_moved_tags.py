"""A rollback with pods that really run, of a release whose image's tag stands for another image by now."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.outdated import differences
from runbooks.steps.kubernetes.restore import Restore
from runbooks.vocabulary import Done, Failed, Json, KnownGood
from sandbox.node.images import digest_of
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from tests.steps.kube import API, Kube, image, images, planned
from tests.steps.places import NOW
from tests.steps.pods import kube, node
from tests.steps.restoring import NO_DATABASES
from tests.steps.test_kubernetes_pods import recorded, restored

__all__ = ["kube", "node"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]


async def tag_moved(kube: Kube, digest: str) -> KnownGood:
    """A release of which the tag stood for this digest once, and stands for another image by now."""
    await kube.create("v42", replicas=2)
    await kube.settled()
    known = await read_known_good(kube.workloads, kube.site(), Record("D-90", "v41", "3" * 40, "", NOW))
    images_then = {"api": f"{manifests.IMAGE}@sha256:{digest}"}
    return replace(known, workloads=(replace(known.workloads[0], images=images_then),))


async def test_a_tag_that_was_moved_brings_the_recorded_image_back(kube: Kube, service_repository: Path) -> None:
    digest = digest_of(commit_of(service_repository, "v41"))
    known = await tag_moved(kube, digest)
    turn = await planned(Restore(kube.workloads, NO_DATABASES), kube.site(version="v41", target=known))
    assert turn.step.shows[1] == (
        f"Container api of {API} runs another image than was recorded, under its tag v42: the one that was recorded "
        "comes back by digest"
    )
    outcome, lines = await restored(kube, known)
    assert isinstance(outcome, Done)
    assert outcome.line == "2 of 2 pods on v41, by digest"
    assert "api: the tag stands for another image by now, so it is put back by digest" in lines
    raw = await kube.raw()
    assert images(raw) == {"api": f"{image('v42')}@sha256:{digest}"}
    pods = await ready_pods(kube)
    running = [p["status"]["containerStatuses"][0]["imageID"] for p in pods]
    assert running == [f"{manifests.IMAGE}@sha256:{digest}"] * 2
    assert await differences(kube.workloads, kube.site(), known) == ()
    again, _ = await restored(kube, known)
    assert isinstance(again, Done)
    assert await ready_pods(kube) == pods, "it is back, so no pod is touched"


async def ready_pods(kube: Kube) -> list[Json]:
    pods = await kube.workloads.pods(kube.ref(), {"matchLabels": {"app": API}})
    return [p for p in pods if not p["metadata"].get("deletionTimestamp")]


async def test_a_tag_that_was_moved_and_whose_image_is_gone_is_told(kube: Kube) -> None:
    outcome, _ = await restored(kube, await tag_moved(kube, "0" * 64))
    assert isinstance(outcome, Failed)
    assert "can't get their image" in outcome.reason


async def test_a_moved_tag_of_somebody_elses_container_does_not_fail_the_rollback(
    kube: Kube, service_repository: Path
) -> None:
    sidecar = {"name": "sidecar", "image": image("v41")}
    await kube.create("v41", pod={"containers": [manifests.container("v41"), sidecar]})
    await kube.settled()
    known = await recorded(kube, service_repository)
    images_then = known.workloads[0].images
    moved = images_then | {"sidecar": images_then["sidecar"][:-4] + "beef"}
    outcome, _ = await restored(kube, replace(known, workloads=(replace(known.workloads[0], images=moved),)))
    assert isinstance(outcome, Done)
