"""`kubernetes.restore` on a real control plane: the recorded template comes back by content, whatever came since."""

import json
from dataclasses import replace

import pytest

from runbooks.steps.base import Untouched
from runbooks.steps.kubernetes.deployments import CAUSE, EPOCH, RUN, annotation, template_of
from runbooks.steps.kubernetes.rehearsal import rehearse
from runbooks.steps.kubernetes.restore import Restore
from runbooks.vocabulary import Failed, Fenced, Json, KnownGood, NotDone, Pending, PlanningFailed
from tests.steps.kube import API, WORKER, Interfering, Kube, image, images, json_patch, planned
from tests.steps.restoring import KNOWN, NO_DATABASES, recorded, rolling_back

pytestmark = pytest.mark.cluster


async def test_it_comes_back_with_all_that_was_changed_since(kube: Kube, restore: Restore) -> None:
    before = await kube.create("v41", replicas=2)
    known = await recorded(kube)
    await kube.set_image("v44")
    await kube.edit(
        json_patch("add", "/spec/template/spec/containers/0/env/-", {"name": "FLAG", "value": "on"})
        + json_patch("replace", "/spec/template/spec/terminationGracePeriodSeconds", 1)
    )
    turn = await rolling_back(kube, restore, known)
    assert turn.step.shows[0] == f"Deployment {API}: v44 → v41 · 2 replicas stay"
    assert isinstance(await restore.start(turn), Pending)
    raw = await kube.raw()
    assert template_of(raw) == template_of(before)
    assert (annotation(raw, EPOCH), annotation(raw, RUN)) == ("9", "R-107")
    assert annotation(raw, CAUSE) == "R-107 rolls back to v41 3f2c1d9"
    assert raw["spec"]["replicas"] == 2


async def test_after_two_bad_deploys_it_is_the_good_one_not_the_one_before(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    for bad in ("v43", "v44"):
        await kube.set_image(bad)
        await kube.settled(pods=False)
    await restore.start(await rolling_back(kube, restore, known))
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_its_replica_set_comes_back_with_the_rollbacks_cause(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    await kube.settled(pods=False)
    known = await recorded(kube)
    await kube.set_image("v44")
    await kube.kubectl("annotate", "deployment", API, f"{CAUSE}=v44, which crashes")
    await kube.settled(pods=False)
    await restore.start(await rolling_back(kube, restore, known))
    await kube.settled(pods=False)
    sets = await kube.workloads.replica_sets(kube.ref(), {"matchLabels": {"app": API}})
    causes = {images(one)["api"]: annotation(one, CAUSE) for one in sets}
    assert causes[image("v41")] == "R-107 rolls back to v41 3f2c1d9"


async def test_after_its_replica_sets_were_pruned(kube: Kube, restore: Restore) -> None:
    await kube.create("v41", revisionHistoryLimit=0)
    known = await recorded(kube)
    await kube.set_image("v44")
    await kube.kubectl("delete", "replicaset", "--all")
    await restore.start(await rolling_back(kube, restore, known))
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_after_the_deployment_was_created_anew(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await kube.kubectl("delete", "deployment", API)
    await kube.create("v44")
    turn = await rolling_back(kube, restore, known)
    outcome = await restore.start(turn)
    assert isinstance(outcome, Pending)
    assert images(await kube.raw()) == {"api": image("v41")}
    assert isinstance(await restore.check(turn, outcome.token), Pending)


async def test_where_it_stands_already_no_pod_is_touched(kube: Kube, restore: Restore) -> None:
    before = await kube.create("v41")
    known = await recorded(kube)
    turn = await rolling_back(kube, restore, known)
    assert turn.step.shows == (f"Deployment {API}: already on the template of v41 · 1 replica stays",)
    assert isinstance(await restore.start(turn), Pending)
    await kube.settled(pods=False)
    raw = await kube.raw()
    assert template_of(raw) == template_of(before)
    assert len(await kube.workloads.replica_sets(kube.ref(), raw["spec"]["selector"])) == 1
    assert annotation(raw, EPOCH) == "9"


async def test_an_older_holder_can_not_undo_it(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await restore.start(await rolling_back(kube, restore, known, epoch=9))
    with pytest.raises(Fenced):
        await restore.start(await rolling_back(kube, restore, known, epoch=8))


async def test_cut_off_before_and_after(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await kube.set_image("v44")
    turn = await rolling_back(kube, restore, known)
    assert await restore.settle(replace(turn, epoch=10)) == NotDone()
    assert isinstance(await restore.abandon(replace(turn, epoch=10)), Untouched)
    await restore.start(replace(turn, epoch=10))
    assert isinstance(await restore.settle(replace(turn, epoch=11)), Pending)
    assert await restore.abandon(replace(turn, epoch=12)) == "1 of 1 workload was already put back to v41"


# ---------------------------------------------------------------- several workloads


async def two_replaced(kube: Kube) -> KnownGood:
    """What was good of two Deployments, on which v44 is now."""
    await kube.allow(WORKER)
    await kube.create("v41")
    await kube.create("v41", name=WORKER)
    known = await recorded(kube, API, WORKER)
    await kube.set_image("v44")
    await kube.set_image("v44", WORKER)
    return known


async def test_all_workloads_come_back_as_one(kube: Kube, restore: Restore) -> None:
    known = await two_replaced(kube)
    turn = await rolling_back(kube, restore, known, API, WORKER)
    assert isinstance(await restore.start(turn), Pending)
    assert images(await kube.raw()) == images(await kube.raw(WORKER)) == {"api": image("v41")}


async def test_where_the_second_can_not_be_restored_it_says_what_stands_where(kube: Kube) -> None:
    known = await two_replaced(kube)
    gone = Interfering(kube.clusters, lambda: kube.kubectl("delete", "deployment", WORKER), on=WORKER)
    restore = Restore(gone, NO_DATABASES)
    assert await restore.start(await rolling_back(kube, restore, known, API, WORKER)) == Failed(
        f"There is no Deployment {WORKER} any more. Now {API} is back on v41, {WORKER} is gone. "
        "Mend that, then roll back again: what is back stays as it is."
    )
    assert images(await kube.raw()) == {"api": image("v41")}


async def test_what_the_cluster_refuses_stops_all_of_it_before_the_first(kube: Kube, restore: Restore) -> None:
    known = await two_replaced(kube)
    broken = known.workloads[1]
    template = json.loads(json.dumps(broken.template))
    template["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}
    bad = replace(known, workloads=(known.workloads[0], replace(broken, template=template, digest="")))
    outcome = await restore.start(await rolling_back(kube, restore, bad, API, WORKER))
    assert outcome == Failed(
        f"The cluster main refused the change of Deployment {WORKER}: "
        "spec.template.spec.containers[0].resources.requests would not be valid. Nothing was changed."
    )
    assert images(await kube.raw()) == {"api": image("v44")}


# ---------------------------------------------------------------- refusals


async def refusal(kube: Kube, restore: Restore, known: KnownGood | None) -> str:
    with pytest.raises(PlanningFailed) as refused:
        await planned(restore, kube.site(run="R-107", version="v41", target=known))
    return refused.value.sentence


async def test_nothing_to_go_back_to(kube: Kube, restore: Restore) -> None:
    assert await refusal(kube, restore, None) == (
        "There is no last known good of solvereign-api in production to go back to. Deploy a version, or record what "
        "runs now: opsbot adopt solvereign-api production."
    )


async def test_a_paused_deployment(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    turn = await rolling_back(kube, restore, known)
    await kube.edit(json_patch("add", "/spec/paused", value=True))
    sentence = (
        f"Deployment {API} in namespace {kube.namespace} is paused, so v41 would not come back. "
        f"Resume it (kubectl rollout resume deployment/{API}), then roll back."
    )
    assert await refusal(kube, restore, known) == sentence
    assert await restore.start(turn) == Failed(f"{sentence} Nothing was changed.")


async def test_a_selector_that_changed(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    await kube.kubectl("delete", "deployment", API)
    other = {"app": API, "tier": "web"}
    raw: Json = {"metadata": {"labels": other}, "spec": known.workloads[0].template["spec"]}
    await kube.create("v44", selector={"matchLabels": other}, template=raw)
    assert await refusal(kube, restore, known) == (
        f"Deployment {API} can't take the pod template of v41 back: its selector changed since, and no longer "
        "matches that template's labels. Deploy v41 anew."
    )


async def test_a_workload_that_was_not_recorded(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    assert await refusal(kube, restore, replace(known, workloads=())) == (
        f"v41 was recorded without Deployment {API}, so it can't be put back. Deploy v41 instead."
    )


# ---------------------------------------------------------------- secrets in a template


async def with_secret(kube: Kube) -> KnownGood:
    """A template with a secret in plain text: what is stored of it has the secret taken out."""
    await kube.create("v41")
    variable = {"name": "MAIL_URL", "value": "smtp://mail:MadeUpForThisTest@mail.example"}
    await kube.edit(json_patch("add", "/spec/template/spec/containers/0/env/-", variable))
    await kube.settled(pods=False)
    known = await recorded(kube)
    assert "MadeUpForThisTest" not in json.dumps(KNOWN.dump_python(known, mode="json"))
    await kube.set_image("v44")
    await kube.settled(pods=False)
    return known


async def test_a_secret_that_was_not_stored_comes_from_the_clusters_own_history(kube: Kube, restore: Restore) -> None:
    known = await with_secret(kube)
    await restore.start(await rolling_back(kube, restore, known))
    raw = await kube.raw()
    assert images(raw) == {"api": image("v41")}
    assert "MadeUpForThisTest" in json.dumps(template_of(raw))


async def test_a_secret_that_was_not_stored_and_is_in_no_history_is_never_replaced_by_a_blank(
    kube: Kube, restore: Restore
) -> None:
    known = await with_secret(kube)
    sets = await kube.workloads.replica_sets(kube.ref(), {"matchLabels": {"app": API}})
    old = next(
        one["metadata"]["name"] for one in sets if "MadeUpForThisTest" in json.dumps(one) and "v41" in json.dumps(one)
    )
    await kube.kubectl("delete", "replicaset", old)
    assert await refusal(kube, restore, known) == (
        f"The pod template of Deployment {API} holds a secret in plain text, which was not stored, and its "
        "ReplicaSet is gone. Deploy the version instead, and move the secret into a Secret."
    )


# ---------------------------------------------------------------- tried dry, before it is needed


async def test_an_undo_that_the_cluster_would_refuse_is_told_before_a_deploy(kube: Kube, restore: Restore) -> None:
    await kube.create("v41")
    known = await recorded(kube)
    turn = await rolling_back(kube, restore, known)
    assert await rehearse(kube.workloads, turn, known) == ""
    await kube.edit(json_patch("add", "/spec/template/spec/hostAliases", [{"ip": "192.0.2.1", "hostnames": ["db"]}]))
    await kube.set_image("v42")
    assert await rehearse(kube.workloads, turn, known) == (
        f"The cluster main refused the change of Deployment {API}: the admission policy opsbot-deployments forbids "
        "it, as its pods would get other labels, or a field such as a ServiceAccount or a security context; an "
        "administrator can make that change, or annotate the Deployment with opsbot.dev/template=any."
    )
    turn = await rolling_back(kube, restore, known)
    assert isinstance(refused := await restore.start(turn), Failed)
    assert refused.reason.endswith("Nothing was changed.")
    await kube.kubectl("annotate", "deployment", API, "opsbot.dev/template=any")
    assert await rehearse(kube.workloads, turn, known) == ""
    assert images(await kube.raw()) == {"api": image("v42")}, "a dry run changes nothing"
    assert isinstance(await restore.start(turn), Pending)
    assert images(await kube.raw()) == {"api": image("v41")}
