"""`kubernetes.rollout` cut off, fenced, or without an answer on a real control plane: nothing is patched twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.steps.base import Turn, Untouched
from runbooks.steps.kubernetes.deployments import EPOCH, annotation
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.workloads import Patch, Ref
from runbooks.vocabulary import Failed, Fenced, Json, NotDone, Pending, Unreachable
from tests.steps.forwarder import Forwarder
from tests.steps.kube import API, WORKER, Interfering, Kube, image, images, planned

pytestmark = pytest.mark.cluster
IMAGE_PATH = "/spec/template/spec/containers/0/image"


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


async def half_patched(kube: Kube, rollout: Rollout) -> Turn:
    """The turn of a rollout of two Deployments, of which the first was patched."""
    await kube.allow(WORKER)
    await kube.create()
    await kube.create(name=WORKER)
    both = await planned(rollout, kube.site(workloads=(API, WORKER)))
    first = replace(both, step=replace(both.step, params={"workloads": both.step.params["workloads"][:1]}))
    await rollout.start(first)
    return both


async def test_cut_off_between_two_deployments_the_second_is_made_up_for(kube: Kube, rollout: Rollout) -> None:
    both = await half_patched(kube, rollout)
    again = replace(both, epoch=8)
    assert await rollout.settle(again) == NotDone()
    assert isinstance(await rollout.start(again), Pending)
    assert images(await kube.raw(WORKER)) == {"api": image("v42")}
    assert await rollout.abandon(replace(both, epoch=9)) == "2 of 2 workloads were already patched to v42"


async def test_abandoned_half_way_it_says_so(kube: Kube, rollout: Rollout) -> None:
    both = await half_patched(kube, rollout)
    assert await rollout.abandon(replace(both, epoch=9)) == "1 of 2 workloads was already patched to v42"


async def test_the_same_image_set_by_somebody_else_is_not_this_runs_work(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await kube.set_image("v42")
    clause = await rollout.abandon(replace(turn, epoch=8))
    assert (clause, type(clause)) == ("no pod was changed", Untouched)


async def test_what_somebody_changed_after_this_run_did_is_not_called_untouched(kube: Kube, rollout: Rollout) -> None:
    await kube.create()
    turn = await planned(rollout, kube.site())
    await rollout.start(turn)
    await kube.set_image("v43")
    clause = await rollout.abandon(replace(turn, epoch=8))
    assert (clause, type(clause)) == ("no workload is patched to v42 now", str)


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

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        if not dry_run:
            self.patches += 1
            if self.patches == 1:
                self._arm()
        return await super().patch(ref, patch, dry_run=dry_run)


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
