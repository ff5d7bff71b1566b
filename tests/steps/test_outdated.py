"""What runs, held against what was recorded: images, their digests, pod templates."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from runbooks.digests import digest_of
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.outdated import difference, differences
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.vocabulary import Json, KnownWorkload, Pending
from tests.steps.clusters import NEW, OLD, pod, settled, template
from tests.steps.kube import API, Kube, planned
from tests.steps.restoring import NO_DATABASES, all_seen

REPOSITORY = NEW.partition(":")[0]
GOOD, OTHER = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "ab")


def known(recorded: Json | None = None, image: str = GOOD) -> KnownWorkload:
    recorded = recorded or template()
    return KnownWorkload("web", "d-1", recorded, {"api": image}, digest=digest_of(recorded))


def running(now: Json | None = None, image_id: str = GOOD) -> Observed:
    seen = settled()
    raw = {**seen.deployment, "spec": {**seen.deployment["spec"], "template": now or template()}}
    return replace(seen, deployment=raw, pods=tuple(pod(str(n), ready=True, imageID=image_id) for n in range(3)))


def said(recorded: KnownWorkload, seen: Observed) -> list[str]:
    return list(difference(recorded, seen))


def annotated(**annotations: str) -> Json:
    found = copy.deepcopy(template())
    found["metadata"]["annotations"] = annotations
    return found


def test_the_same_says_nothing() -> None:
    assert said(known(), running()) == []


def test_another_image_is_told_by_its_tag() -> None:
    assert said(known(), running(template(OLD))) == ["Deployment web runs v41, recorded is v42."]


def test_the_same_tag_of_another_repository_is_told_whole() -> None:
    assert said(known(), running(template("elsewhere.example/api:v42"))) == [
        f"Deployment web runs elsewhere.example/api:v42, recorded is {NEW}."
    ]


def test_a_tag_that_was_moved_is_told_by_its_digest() -> None:
    assert said(known(), running(image_id=OTHER)) == [
        f"Deployment web runs sha256:{'b' * 7} under the same tag, recorded is sha256:{'a' * 7}."
    ]


@pytest.mark.parametrize("image_id", ["", f"sha256:{'a' * 64}"])
def test_a_digest_that_is_not_known_is_no_difference(image_id: str) -> None:
    assert said(known(), running(image_id=image_id)) == []


def test_a_container_that_came() -> None:
    found = copy.deepcopy(template())
    found["spec"]["containers"].append({"name": "proxy", "image": "registry.example/proxy:v1"})
    assert said(known(), running(found)) == ["Deployment web runs v1, recorded is nothing."]


def test_another_template_with_the_same_images() -> None:
    assert said(known(), running(template(nodeName="x"))) == [
        "Deployment web has another pod template than was recorded, with the same images."
    ]


def test_a_restart_is_no_difference_and_another_annotation_is() -> None:
    restarted: dict[str, Any] = {"kubectl.kubernetes.io/restartedAt": "2026-11-24T10:00:00Z"}
    assert said(known(), running(annotated(**restarted))) == []
    assert said(known(), running(annotated(**restarted, team="ops"))) != []
    assert said(known(annotated(**restarted)), running()) == []


@pytest.mark.cluster
async def test_on_a_cluster(kube: Kube) -> None:
    """As recorded, restarted, changed, put back by a rollback, and gone."""
    await kube.create("v41", replicas=0)
    await kube.settled(pods=False)
    record = Record("adopt", "v41", "3f2c1d9" + "0" * 33, "", datetime.now(UTC))
    good = await read_known_good(kube.workloads, kube.site(), record)

    async def found() -> tuple[str, ...]:
        return await differences(kube.workloads, kube.site(), good)

    assert await found() == ()
    await kube.kubectl("rollout", "restart", "deployment", API)
    assert await found() == ()
    await kube.set_image("v42")
    assert await found() == (f"Deployment {API} runs v42, recorded is v41.",)
    restore = Restore(kube.workloads, NO_DATABASES)
    turn = await planned(restore, kube.site(version="v41", commit=good.commit, target=good, known_good=good))
    assert isinstance(await restore.start(all_seen(turn)), Pending)
    assert await found() == ()
    await kube.kubectl("set", "env", "deployment", API, "MODE=other")
    assert await found() == (f"Deployment {API} has another pod template than was recorded, with the same images.",)
    await kube.kubectl("delete", "deployment", API)
    assert await found() == (f"There is no Deployment {API} any more.",)
    both = kube.site(workloads=(API, "solvereign-worker"))
    assert (await differences(kube.workloads, both, good))[1] == "Deployment solvereign-worker is not in the record."
