"""deploy/kubernetes on a real API server: what its ServiceAccount can't do, had it every right, and what it can."""

from typing import Any

import pytest

from bot.adapters.kubernetes.client import JSON_PATCH, MERGE_PATCH
from runbooks.steps.kubernetes.deployments import CAUSE, EPOCH, RUN
from sandbox.cluster.control_plane import ControlPlane
from sandbox.service import manifests
from tests.deploy import forbidden
from tests.deploy.asking import DRY, Ask, by_policy
from tests.deploy.forbidden import BATCH, DEPLOYMENT, HERE, JOBS, NAMESPACE, RECORD, RISING, STANDS, Json, Try

pytestmark = pytest.mark.cluster
FORBIDDEN = [
    *forbidden.changes_without_right_epoch(),
    *forbidden.changes_of_the_deployment(),
    *forbidden.changes_of_the_pods(),
    *forbidden.creations(),
    *forbidden.writes(),
    *forbidden.connections(),
    *forbidden.what_rights_alone_refuse(),
]


def test_no_two_of_them_are_the_same() -> None:
    assert len({each.what for each in FORBIDDEN}) == len(FORBIDDEN) >= 60


@pytest.mark.parametrize("one", FORBIDDEN, ids=lambda one: one.what)
def test_it_is_refused(bot: Ask, almighty: Ask, one: Try) -> None:
    answer = bot(one)
    assert answer.status_code == 403 or by_policy(answer), answer.text
    if one.always:
        assert by_policy(refused := almighty(one, **({} if one.connects else DRY))), refused.text


@pytest.mark.parametrize(
    "one",
    [each for each in FORBIDDEN if each.path.split("?")[0] == DEPLOYMENT and each.method == "PATCH"],
    ids=lambda one: one.what,
)
def test_nobody_else_is_held_by_it(admin: Ask, one: Try) -> None:
    assert admin(one, **DRY).status_code == 200, admin(one, **DRY).text


# ---------------------------------------------------------------- epochs


def changed(*operations: Json, epoch: int = RISING) -> Try:
    marks = {EPOCH: str(epoch), RUN: "D-107", CAUSE: "D-107 deploys v42"}
    signed = [
        {"op": "add", "path": f"/metadata/annotations/{key.replace('/', '~1')}", "value": value}
        for key, value in marks.items()
    ]
    return Try("", "PATCH", DEPLOYMENT, [*operations, *signed], JSON_PATCH)


def of_pod(path: str, value: Any, op: str = "add") -> Json:
    return {"op": op, "path": f"/spec/template/{path}", "value": value}


V42 = of_pod("spec/containers/0/image", f"{manifests.IMAGE}:v42", "replace")


@pytest.mark.parametrize(("epoch", "status"), [(STANDS - 1, 422), (STANDS, 200), (STANDS + 1, 200)])
def test_an_older_epoch_is_refused_and_its_own_may_repeat(bot: Ask, epoch: int, status: int) -> None:
    assert bot(changed(V42, epoch=epoch), **DRY).status_code == status


def test_the_refusal_says_both_epochs(bot: Ask) -> None:
    said = bot(changed(V42, epoch=STANDS - 1)).json()["message"]
    assert said.endswith(
        f"A later holder took the Deployment over: it carries epoch {STANDS}, this change carries epoch {STANDS - 1}."
    )


def test_a_patch_without_an_epoch_leaves_the_one_that_stands(bot: Ask) -> None:
    """It is a change under the present holder's epoch: who can't read it can't make it lower."""
    assert bot(Try("", "PATCH", DEPLOYMENT, [V42], JSON_PATCH), **DRY).status_code == 200


# ---------------------------------------------------------------- what it may

MAY = {
    "another image by its digest": of_pod(
        "spec/containers/0/image", f"{manifests.IMAGE}@sha256:{'0' * 64}", "replace"
    ),
    "a variable": of_pod("spec/containers/0/env/-", {"name": "LEVEL", "value": "debug"}),
    "another key of a Secret that it has": of_pod(
        "spec/containers/0/env/-",
        {"name": "MORE", "valueFrom": {"secretKeyRef": {"name": manifests.SECRET, "key": "more"}}},
    ),
    "a variable of a ConfigMap": of_pod(
        "spec/containers/0/env/-", {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "any", "key": "a"}}}
    ),
    "a command": of_pod("spec/containers/0/command", ["python", "-m", "backend_py"]),
    "resources": of_pod("spec/containers/0/resources", {"limits": {"memory": "1Gi"}}),
    "another probe": of_pod("spec/containers/0/readinessProbe/periodSeconds", 2),
    "a volume of a ConfigMap": of_pod("spec/volumes", [{"name": "more", "configMap": {"name": "any"}}]),
    "an annotation of its pods": of_pod("metadata/annotations", {"kubectl.kubernetes.io/restartedAt": "now"}),
    "a label that names the version": of_pod("metadata/labels/app.kubernetes.io~1version", "v42"),
    "another container of that image": of_pod(
        "spec/containers/-", {"name": "more", "image": f"{manifests.IMAGE}:v42"}
    ),
}


@pytest.mark.parametrize("change", MAY)
def test_an_undo_across_such_a_change_passes(bot: Ask, change: str) -> None:
    answer = bot(changed(MAY[change]), **DRY)
    assert answer.status_code == 200, answer.text


def test_an_administrator_lets_any_template_pass(bot: Ask, place: ControlPlane) -> None:
    more = of_pod("spec/serviceAccountName", "other")
    mark = ("annotate", "deployment", manifests.NAME, "-n", NAMESPACE)
    assert by_policy(bot(changed(more), **DRY))
    place.kubectl(*mark, "opsbot.dev/template=any")
    try:
        assert bot(changed(more), **DRY).status_code == 200
        assert by_policy(bot(changed({"op": "add", "path": "/spec/replicas", "value": 9}), **DRY))
        assert by_policy(bot(changed(more, epoch=STANDS - 1), **DRY))
    finally:
        place.kubectl(*mark, "opsbot.dev/template-")


def test_the_record_is_written(bot: Ask) -> None:
    text = {"data": {"last-known-good.json": "{}"}}
    assert bot(Try("", "PATCH", RECORD, text, MERGE_PATCH), **DRY).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/apis/apps/v1{HERE}/replicasets",
        f"/api/v1{HERE}/pods",
        f"/api/v1{HERE}/events",
        f"/api/v1{HERE}/configmaps/{manifests.CONFIG}",
        DEPLOYMENT,
        f"{BATCH}/namespaces/{JOBS}/jobs",
        f"/api/v1/namespaces/{JOBS}/pods",
    ],
)
def test_what_it_looks_at_is_shown(bot: Ask, path: str) -> None:
    assert bot(Try("", "GET", path)).status_code == 200
