"""Other people's changes and `kubernetes.restore`, on a real control plane: shown, asked about, never lost unseen."""

from dataclasses import replace

import pytest

from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.deployments import EPOCH, annotation, template_of
from runbooks.steps.kubernetes.patches import set_images
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.vocabulary import Json, KnownGood, Means, Outcome, Pending, Waiting
from tests.steps.kube import API, WORKER, Interfering, Kube, image, images, json_patch
from tests.steps.restoring import NO_DATABASES, recorded, rolling_back, unseen

pytestmark = pytest.mark.cluster

MEMORY = json_patch("add", "/spec/template/spec/containers/0/resources", {"limits": {"memory": "2Gi"}})


async def deployed_badly(kube: Kube, *names: str) -> KnownGood:
    """v41 was good, then a deploy of this bot brought v44."""
    for name in names:
        await kube.create("v41", name=name)
    known = await recorded(kube, *names)
    for name in names:
        patch = set_images(await kube.raw(name), {"api": image("v44")}, epoch=1, run="D-107", cause="v44")
        await kube.workloads.patch(kube.ref(name), patch)
    return known


async def shown(kube: Kube, known: KnownGood) -> tuple[str, ...]:
    return (await preview(kube.workloads, kube.site(run="", version="v41", target=known, known_good=known))).lines


def agreeing(turn: Turn, asked: Outcome) -> Turn:
    assert isinstance(asked, Waiting)
    assert [choice.means for choice in asked.choices] == [Means.AGAIN, Means.FAILED]
    return replace(turn, choice=asked.choices[0].value)


async def test_a_deploy_of_this_bot_is_no_edit_and_is_not_asked_about(kube: Kube, restore: Restore) -> None:
    known = await deployed_badly(kube, API)
    assert await shown(kube, known) == ("Pods: image and template back, 1 replica stays · about 10 s",)
    assert isinstance(await restore.start(await unseen(kube, restore, known)), Pending)
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_an_edit_is_shown_before_the_click_with_its_field_its_author_and_its_time(kube: Kube) -> None:
    known = await deployed_badly(kube, API)
    await kube.edit(MEMORY)
    entries = (await kube.raw())["metadata"]["managedFields"]
    at = next(one["time"] for one in entries if one["manager"] == "kubectl-patch")
    (line,) = [one for one in await shown(kube, known) if one.startswith("Overwrites")]
    assert line.startswith(f"Overwrites what others changed in {API}: resources of container api (kubectl-patch, ")
    assert line.endswith(f" {at[11:16]} UTC)")
    assert "2Gi" not in line


async def test_an_edit_that_nobody_was_shown_is_asked_about_and_then_overwritten(
    kube: Kube, restore: Restore
) -> None:
    known = await deployed_badly(kube, API)
    await kube.edit(MEMORY)
    before = await kube.raw()
    turn = await unseen(kube, restore, known)
    asked = await restore.start(turn)
    assert isinstance(asked, Waiting)
    assert asked.on.startswith("a decision: others changed resources of container api (kubectl-patch, ")
    after = await kube.raw()
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert isinstance(await restore.start(agreeing(turn, asked)), Pending)
    assert template_of(await kube.raw()) == known.workloads[0].template


async def test_an_edit_that_was_shown_is_overwritten_without_a_question(kube: Kube, restore: Restore) -> None:
    known = await deployed_badly(kube, API)
    await kube.edit(MEMORY)
    assert isinstance(await restore.start(await rolling_back(kube, restore, known)), Pending)
    assert template_of(await kube.raw()) == known.workloads[0].template


async def test_what_was_shown_and_then_changed_again_is_asked_about(kube: Kube, restore: Restore) -> None:
    known = await deployed_badly(kube, API)
    await kube.edit(MEMORY)
    turn = await rolling_back(kube, restore, known)
    await kube.edit(json_patch("replace", "/spec/template/spec/containers/0/resources/limits/memory", "4Gi"))
    asked = await restore.start(turn)
    assert isinstance(asked, Waiting)
    await kube.edit(json_patch("replace", "/spec/template/spec/containers/0/resources/limits/memory", "8Gi"))
    assert isinstance(await restore.start(agreeing(turn, asked)), Waiting), "the answer was about another value"


async def test_an_edit_between_our_read_and_our_patch_is_asked_about(kube: Kube) -> None:
    known = await deployed_badly(kube, API)
    interfered = Interfering(kube.clusters, lambda: kube.set_image("v45"))
    restore = Restore(interfered, NO_DATABASES)
    turn = await unseen(kube, restore, known)
    asked = await restore.start(turn)
    assert isinstance(asked, Waiting)
    assert asked.on.startswith("a decision: others changed image of container api (kubectl-patch, ")
    assert images(await kube.raw()) == {"api": image("v45")}
    assert isinstance(await restore.start(agreeing(turn, asked)), Pending)
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_a_deployment_replaced_between_our_read_and_our_patch_is_asked_about(kube: Kube) -> None:
    known = await deployed_badly(kube, API)

    async def replaced() -> None:
        await kube.kubectl("delete", "deployment", API)
        await kube.create("v46")

    restore = Restore(Interfering(kube.clusters, replaced), NO_DATABASES)
    turn = await unseen(kube, restore, known)
    asked = await restore.start(turn)
    assert isinstance(asked, Waiting)
    assert images(await kube.raw()) == {"api": image("v46")}
    assert isinstance(await restore.start(agreeing(turn, asked)), Pending)
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_where_the_second_is_edited_meanwhile_the_question_says_what_stands_where(kube: Kube) -> None:
    await kube.allow(WORKER)
    known = await deployed_badly(kube, API, WORKER)
    restore = Restore(Interfering(kube.clusters, lambda: kube.edit(MEMORY, WORKER), on=WORKER), NO_DATABASES)
    turn = await unseen(kube, restore, known, API, WORKER)
    asked = await restore.start(turn)
    assert isinstance(asked, Waiting)
    assert asked.detail.startswith(f"Now {API} is back on v41, {WORKER} is still on v44.\n{WORKER}: resources of")
    assert isinstance(await restore.start(agreeing(turn, asked)), Pending)
    assert images(await kube.raw(WORKER)) == {"api": image("v41")}


async def test_edits_of_several_workloads_are_one_question(kube: Kube, restore: Restore) -> None:
    await kube.allow(WORKER)
    known = await deployed_badly(kube, API, WORKER)
    await kube.edit(MEMORY)
    await kube.edit(MEMORY, WORKER)
    turn = await unseen(kube, restore, known, API, WORKER)
    asked = await restore.start(turn)
    assert isinstance(await restore.start(agreeing(turn, asked)), Pending)
    assert images(await kube.raw()) == images(await kube.raw(WORKER)) == {"api": image("v41")}


async def test_outside_the_template_nothing_of_others_is_touched(kube: Kube, restore: Restore) -> None:
    known = await deployed_badly(kube, API)
    await kube.kubectl("annotate", "deployment", API, "example.com/owner=payments")
    await kube.kubectl("label", "deployment", API, "tier=gold")
    strategy: Json = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 0}}
    await kube.edit(
        json_patch("replace", "/spec/strategy", strategy)
        + json_patch("add", "/spec/minReadySeconds", 1)
        + json_patch("replace", "/spec/revisionHistoryLimit", 3)
    )
    await kube.kubectl("scale", "deployment", API, "--replicas=4")
    before = await kube.raw()
    assert isinstance(await restore.start(await unseen(kube, restore, known)), Pending)
    after = await kube.raw()
    assert annotation(after, EPOCH) == "9"
    assert annotation(after, "example.com/owner") == "payments"
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert {k: v for k, v in after["spec"].items() if k != "template"} == {
        k: v for k, v in before["spec"].items() if k != "template"
    }
