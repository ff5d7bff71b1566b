"""What others changed in a pod template, told from managedFields: what counts, what it is called, and whose it is."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from runbooks.steps.kubernetes.edits import Edit, edits, mark, told, unseen
from runbooks.vocabulary import Json
from tests.steps.clusters import OLD, deployment

GOOD: Json = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"team": "web"}},
    "spec": {
        "terminationGracePeriodSeconds": 30,
        "containers": [
            {
                "name": "api",
                "image": OLD,
                "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                "ports": [{"containerPort": 8000, "protocol": "TCP"}],
                "resources": {"limits": {"memory": "1Gi"}},
                "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
            },
            {"name": "proxy", "image": "registry.example/proxy:1"},
        ],
        "volumes": [{"name": "cache", "emptyDir": {}}],
    },
}
API = ("f:spec", "f:containers", 'k:{"name":"api"}')
AT = datetime(2026, 11, 24, 10, 3, tzinfo=UTC)


def owned(*place: str, by: str = "kubectl-edit", at: str = "2026-11-24T10:03:00Z") -> Json:
    fields: Json = {}
    for token in reversed(("f:spec", "f:template", *place)):
        fields = {token: fields}
    return {"manager": by, "operation": "Update", "time": at, "fieldsV1": fields}


def found(template: Json, *entries: Json, base: Json = GOOD, target: Json = GOOD) -> tuple[Edit, ...]:
    raw = deployment(template_=template)
    raw["metadata"]["managedFields"] = list(entries)
    return edits(raw, base, target)


def api(**fields: Any) -> Json:
    changed = copy.deepcopy(GOOD)
    changed["spec"]["containers"][0] |= fields
    return changed


def pods(**fields: Any) -> Json:
    changed = copy.deepcopy(GOOD)
    changed["spec"] |= fields
    return changed


def annotated(**annotations: str) -> Json:
    changed = copy.deepcopy(GOOD)
    changed["metadata"]["annotations"] |= annotations
    return changed


CONTAINERS = GOOD["spec"]["containers"]


@pytest.mark.parametrize(
    ("template", "what"),
    [
        (api(image="registry.example/solvereign-api:v45"), "image of container api"),
        (api(resources={"limits": {"memory": "2Gi"}}), "resources of container api"),
        (api(resources={}), "resources of container api"),
        (api(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]), "env B of container api"),
        (api(env=[*CONTAINERS[0]["env"], {"name": "C", "value": "3"}]), "env C of container api"),
        (api(env=CONTAINERS[0]["env"][:1]), "env B of container api"),
        (api(env=CONTAINERS[0]["env"][::-1]), "order of env of container api"),
        (api(args=["--verbose"]), "args of container api"),
        (api(volumeMounts=[]), "mount /cache of container api"),
        (
            api(ports=[{"containerPort": 8001, "protocol": "TCP"}]),
            "port 8001 of container api, port 8000 of container api",
        ),
        (
            pods(containers=[*CONTAINERS, {"name": "shell", "image": "registry.example/shell:1"}]),
            "container shell (added)",
        ),
        (pods(containers=CONTAINERS[:1]), "container proxy (removed)"),
        (pods(initContainers=[{"name": "wait", "image": "x"}]), "init container wait (added)"),
        (pods(nodeSelector={"disk": "fast"}), "nodeSelector of the pods"),
        (pods(terminationGracePeriodSeconds=5), "terminationGracePeriodSeconds of the pods"),
        (pods(volumes=[*GOOD["spec"]["volumes"], {"name": "more", "emptyDir": {}}]), "volume more"),
        (annotated(team="ops"), "pod annotation team"),
    ],
)
def test_a_change_is_named_and_no_value_is_told(template: Json, what: str) -> None:
    assert ", ".join(each.what for each in found(template)) == what
    assert not {"2Gi", "3", "--verbose", "fast"} & set(told(found(template)).split())


def test_who_and_when_is_what_the_cluster_says() -> None:
    template = api(resources={"limits": {"memory": "2Gi"}}, args=["--verbose"])
    memory = owned(*API, "f:resources", "f:limits", "f:memory")
    args = owned(*API, "f:args", by="argocd-controller", at="2026-11-23T09:00:00Z")
    by_whom = {each.what: (each.by, each.at) for each in found(template, memory, args)}
    assert by_whom["resources of container api"] == ("kubectl-edit", AT)
    assert by_whom["args of container api"] == ("argocd-controller", datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert told(found(template, memory, args)) == (
        "args of container api (argocd-controller, 23 Nov 09:00 UTC); "
        "resources of container api (kubectl-edit, 24 Nov 10:03 UTC)"
    )


def test_what_this_bot_set_is_nobody_elses() -> None:
    template = api(image="registry.example/solvereign-api:v44")
    assert found(template, owned(*API, "f:image", by="opsbot")) == ()
    assert [each.by for each in found(template, owned(*API, "f:image", by="kubectl-set"))] == ["kubectl-set"]


def test_a_default_that_a_newer_cluster_fills_in_is_no_edit() -> None:
    template, somebody = pods(newField="on"), owned(*API, "f:image")
    assert found(template, somebody) == ()
    assert [each.what for each in found(template, somebody, owned("f:spec", "f:newField"))] == [
        "newField of the pods"
    ]


@pytest.mark.parametrize(
    "template",
    [
        GOOD,
        annotated(**{"kubectl.kubernetes.io/restartedAt": "2026-11-24T10:00:00Z"}),
        pods(tolerations=[], affinity=None, securityContext={}),
        {**GOOD, "metadata": {**GOOD["metadata"], "creationTimestamp": None}},
    ],
    ids=["nothing", "a restart", "empty fields", "null"],
)
def test_what_makes_no_difference_is_no_edit(template: Json) -> None:
    assert found(template, owned("f:metadata", "f:annotations")) == ()


def test_what_the_target_has_too_is_not_overwritten() -> None:
    changed = api(args=["--verbose"])
    assert found(changed, base=GOOD, target=changed) == ()


def test_another_value_is_another_edit() -> None:
    first, second = found(api(args=["--a"])), found(api(args=["--b"]))
    assert unseen(first, [first[0].key]) == ()
    assert unseen(second, [first[0].key]) == second
    raw = deployment()
    assert mark(raw, first) == mark(raw, first) != mark(raw, second)


def test_the_rest_of_many_is_counted() -> None:
    many = api(env=[{"name": f"V{n}", "value": "x"} for n in range(9)])
    assert told(found(many)).endswith("env V5 of container api and 5 more fields (by whom is not known)")
