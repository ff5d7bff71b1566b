"""What an answer of the Kubernetes API means: try again, decide again, or say why not; never its own words."""

import json
from typing import Any

import aiohttp
import pytest

from bot.adapters.kubernetes.client import Address, Clusters, path
from bot.adapters.kubernetes.errors import asking, changing, fault_of_patch, fault_of_read
from bot.adapters.kubernetes.workloads import KubernetesWorkloads, label_selector
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Ref, Stale
from runbooks.vocabulary import Fenced, Unreachable

CANARY = "made-up-secret-in-the-object"


def status(code: int, **fields: Any) -> bytes:
    return json.dumps({"kind": "Status", "code": code, **fields}).encode()


def of_patch(code: int, body: bytes = b"") -> Exception:
    return fault_of_patch("main", code, body, "Deployment web")


def of_read(code: int, body: bytes = b"") -> Exception:
    return fault_of_read("main", code, body, "Deployment web in namespace x")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (404, Missing),
        (403, Denied),
        (401, Unreachable),
        (429, Unreachable),
        (400, Denied),
        (503, Unreachable),
        (410, Unreachable),
    ],
)
def test_reads(code: int, kind: type[Exception]) -> None:
    assert type(of_read(code)) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (409, Stale),
        (403, Denied),
        (404, Missing),
        (401, Unreachable),
        (429, Unreachable),
        (500, AnswerLost),
        (504, AnswerLost),
    ],
)
def test_patches(code: int, kind: type[Exception]) -> None:
    assert type(of_patch(code)) is kind


def test_a_bare_422_is_a_test_that_did_not_hold() -> None:
    assert type(of_patch(422, status(422, reason="Invalid", details={}))) is Stale


def test_a_422_with_causes_names_the_fields_and_nothing_of_their_values() -> None:
    causes = [{"reason": "FieldValueInvalid", "field": "spec.template.metadata.labels", "message": CANARY}]
    fault = of_patch(422, status(422, message=CANARY, details={"causes": causes}))
    assert isinstance(fault, Denied)
    assert fault.sentence == (
        "The cluster main refused the change of Deployment web: spec.template.metadata.labels would not be valid."
    )


@pytest.mark.parametrize("code", [403, 422])
def test_an_admission_policy_is_named(code: int) -> None:
    message = f"ValidatingAdmissionPolicy 'opsbot-deployments' with binding 'b' denied request: {CANARY}"
    fault = of_patch(code, status(code, message=message))
    assert isinstance(fault, Denied)
    assert fault.sentence == (
        "The cluster main refused the change of Deployment web: the admission policy opsbot-deployments forbids it."
    )


def test_an_older_epoch_is_another_holder() -> None:
    said = "ValidatingAdmissionPolicy 'opsbot-deployments' with binding 'opsbot-deployments' denied request: "
    said += "A later holder took the Deployment over: it carries epoch 15, this change carries epoch 12."
    fault = of_patch(422, status(422, reason="Invalid", message=said, details={"causes": [{"message": said}]}))
    assert isinstance(fault, Fenced)
    told = "the cluster refused the change, since Deployment web was taken over by holder 15, this was 12"
    assert str(fault) == told


def test_a_rule_of_ours_says_what_to_do() -> None:
    said = "The pod template asks for more than the present one: a Secret in its environment."
    message = f"ValidatingAdmissionPolicy 'opsbot-deployments' with binding 'b' denied request: {said} {CANARY}"
    fault = of_patch(422, status(422, message=message))
    assert isinstance(fault, Denied)
    assert fault.sentence == (
        "The cluster main refused the change of Deployment web: the admission policy opsbot-deployments forbids it, "
        "as its pods would get a Secret that they do not have now; an administrator can make that change, or "
        "annotate the Deployment with opsbot.dev/template=any."
    )


def test_a_webhook_is_named() -> None:
    message = f'admission webhook "policy.example" denied the request: {CANARY}'
    fault = of_patch(403, status(403, message=message))
    assert isinstance(fault, Denied)
    assert fault.sentence.endswith("the admission webhook policy.example forbids it.")


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_no_words_of_the_api_are_shown(code: int) -> None:
    body = status(code, message=CANARY, details={"causes": [{"field": "spec", "message": CANARY}]})
    for fault in (of_read(code, body), of_patch(code, body)):
        assert CANARY not in str(fault)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff"])
def test_a_body_of_another_kind_is_no_trouble(body: bytes) -> None:
    assert type(of_patch(422, body)) is Stale
    assert type(of_read(418, body)) is Denied


@pytest.mark.parametrize("fault", [TimeoutError(), aiohttp.ServerDisconnectedError(), ValueError("no JSON")])
def test_a_broken_exchange_is_lost_where_it_may_have_changed_something(fault: Exception) -> None:
    with pytest.raises(Unreachable), asking("main"):
        raise fault
    with pytest.raises(AnswerLost), changing("main"):
        raise fault


async def test_nobody_listens() -> None:
    async with Clusters({"main": Address()}) as clusters:
        workloads = KubernetesWorkloads(clusters)
        with pytest.raises(Unreachable, match="its kubeconfig can't be used"):  # it runs in no cluster
            await workloads.read(Ref("main", "x", "web"))


@pytest.mark.parametrize("text", ["", "a: [", "clusters: none"])
async def test_a_kubeconfig_that_can_not_be_used(tmp_path: Any, text: str, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "kubeconfig"
    if text:
        place.write_text(text)
    async with Clusters({"main": Address(place)}) as clusters:
        workloads = KubernetesWorkloads(clusters)
        with pytest.raises(Unreachable, match="its kubeconfig can't be used"):
            await workloads.patch(Ref("main", "x", "web"), [])
    assert caplog.records == []


def test_addresses_are_quoted() -> None:
    assert path("api", "v1", "namespaces", "../x?y") == "/api/v1/namespaces/..%2Fx%3Fy"


def test_a_selector_with_expressions() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "DoesNotExist"},
            {"key": "new", "operator": "Exists"},
            {"key": "zone", "operator": "NotIn", "values": ["c"]},
        ],
    }
    assert label_selector(selector) == "app=web,tier in (a,b),!old,new,zone notin (c)"
