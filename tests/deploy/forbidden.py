"""What the bot's identity must not be able to do: each a request that is tried against a real API server.

Changes of the Deployment carry a rising epoch, and are valid otherwise: only the one field named is too much.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bot.adapters.kubernetes.client import JSON_PATCH, MERGE_PATCH
from runbooks.steps.kubernetes.deployments import EPOCH, RUN
from sandbox.service import manifests

Json = dict[str, Any]

NAMESPACE, JOBS, NAME = "fence", "opsbot-jobs", manifests.NAME
CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
HERE = f"/namespaces/{NAMESPACE}"
DEPLOYMENT = f"{APPS}{HERE}/deployments/{NAME}"
RECORD = f"{CORE}{HERE}/configmaps/{NAME}-last-known-good"
POD, REPLICA_SET, SECRET = "a-pod", "a-replica-set", "another-secret"
STANDS, RISING = 5, 6  # epochs

_A_POD = f"{CORE}{HERE}/pods/{POD}"
_ANNOTATIONS, _POD = "metadata/annotations", "spec/template/spec"
_CONTAINER = f"{_POD}/containers/0"
_OTHER_SECRET = {"name": SECRET, "key": "url"}
_OTHERS = {"name": "other", "image": "registry.example/other:v1"}


@dataclass(frozen=True)
class Try:
    """One request. `always`: it is refused by a policy even to somebody who has every right."""

    what: str
    method: str
    path: str
    body: Any = None
    kind: str = "application/json"
    always: bool = True
    connects: bool = False  # then it can't be tried dry


def _set(path: str, value: Any, *, op: str = "add", epoch: Any = str(RISING), which: str = "") -> Try:
    """A patch of the Deployment."""
    mark = {"op": "add", "path": f"/{_ANNOTATIONS}/{EPOCH.replace('/', '~1')}", "value": epoch}
    what = f"patch deployments {path}{which and f', {which}'}"
    return Try(what, "PATCH", DEPLOYMENT, [mark, _op(op, path, value)], JSON_PATCH)


def _op(op: str, path: str, value: Any) -> Json:
    return {"op": op, "path": f"/{path}"} | ({} if op == "remove" else {"value": value})


def changes_of_the_deployment() -> Iterator[Try]:
    """Fields beside the pod template and the bot's own annotations."""
    yield _set("spec/replicas", 3)
    yield _set("spec/paused", value=True)
    yield _set("spec/strategy", {"type": "Recreate"}, op="replace")
    yield _set("spec/minReadySeconds", 5)
    yield _set("spec/progressDeadlineSeconds", 60)
    yield _set("spec/revisionHistoryLimit", 0)
    yield _set("metadata/labels/team", "other")
    yield _set("metadata/finalizers", ["opsbot.dev/stays"])
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "made-up"}
    yield _set("metadata/ownerReferences", [owner])
    yield _set(f"{_ANNOTATIONS}/kubectl.kubernetes.io~1last-applied-configuration", "{}")
    yield _set(f"{_ANNOTATIONS}/opsbot.dev~1template", "any")
    yield _set(f"{_ANNOTATIONS}/team.example~1owner", "", op="remove")


def changes_without_right_epoch() -> Iterator[Try]:
    """The annotation itself."""
    for name, value in (("lower", str(STANDS - 1)), ("of no number", "six"), ("below zero", "-1"), ("empty", "")):
        patch = _set(f"{_ANNOTATIONS}/{RUN.replace('/', '~1')}", "D-1", epoch=value)
        yield Try(f"patch deployments with an epoch {name}", "PATCH", DEPLOYMENT, patch.body, JSON_PATCH)
    gone = [_op("remove", f"{_ANNOTATIONS}/{EPOCH.replace('/', '~1')}", None)]
    yield Try("patch deployments without an epoch", "PATCH", DEPLOYMENT, gone, JSON_PATCH)
    bare = [_op("remove", _ANNOTATIONS, None)]
    yield Try("patch deployments without annotations", "PATCH", DEPLOYMENT, bare, JSON_PATCH)


def changes_of_the_pods() -> Iterator[Try]:
    """What would give its pods more than they have."""
    for field, value in {
        "serviceAccountName": "other",
        "automountServiceAccountToken": True,
        "hostNetwork": True,
        "hostPID": True,
        "hostIPC": True,
        "shareProcessNamespace": True,
        "securityContext": {"runAsUser": 0},
        "nodeName": "a-node",
        "nodeSelector": {"a": "b"},
        "tolerations": [{"operator": "Exists"}],
        "priorityClassName": "system-node-critical",
        "runtimeClassName": "other",
        "schedulerName": "other",
        "imagePullSecrets": [{"name": SECRET}],
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["db.example"]}],
    }.items():
        yield _set(f"{_POD}/{field}", value)
    for kind, source in {
        "hostPath": {"path": "/"},
        "secret": {"secretName": SECRET},
        "persistentVolumeClaim": {"claimName": "other"},
        "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]},
        "nfs": {"server": "nfs.example", "path": "/"},
        "csi": {"driver": "other.example"},
    }.items():
        yield _set(f"{_POD}/volumes", [{"name": "more", kind: source}], which=kind)
    yield _set("spec/template/metadata/labels/team", "other")
    yield _set(f"{_CONTAINER}/image", "registry.example/other:v1", op="replace")
    yield _set(f"{_CONTAINER}/securityContext", {"runAsUser": 0}, which="root")
    yield _set(f"{_CONTAINER}/securityContext", {"capabilities": {"add": ["SYS_ADMIN"]}})
    yield _set(f"{_CONTAINER}/stdin", value=True)
    yield _set(f"{_CONTAINER}/env/-", {"name": "MORE", "valueFrom": {"secretKeyRef": _OTHER_SECRET}})
    yield _set(f"{_CONTAINER}/envFrom/-", {"secretRef": {"name": SECRET}})
    yield _set(f"{_POD}/containers/-", _OTHERS)
    yield _set(f"{_POD}/initContainers", [_OTHERS])
    ours = {"name": "more", "image": f"{manifests.IMAGE}:v42", "securityContext": {"runAsUser": 0}}
    yield _set(f"{_POD}/initContainers", [ours], which="root")


def _create(kind: str, group: str, namespaced: str = HERE, **body: Any) -> Try:
    where = f"{group}{namespaced}/{kind}"
    return Try(f"create {kind}", "POST", where, {"metadata": {"name": "made-by-the-bot"}, **body})


def creations() -> Iterator[Try]:
    """New objects, also those that a cluster with more rights would take."""
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [_OTHERS]}}
    spec = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
    once = {"template": {"spec": {"restartPolicy": "Never", "containers": [_OTHERS]}}}
    daily = {"schedule": "@daily", "jobTemplate": {"spec": once}}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
    bound = {"subjects": [{"kind": "ServiceAccount", "name": "opsbot", "namespace": "opsbot"}], "roleRef": role}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    for kind in ("deployments", "statefulsets", "daemonsets", "replicasets"):
        yield _create(kind, APPS, spec=spec)
    yield _create("jobs", BATCH, spec=once)
    yield _create("cronjobs", BATCH, spec=daily)
    yield replace(_create("cronjobs", BATCH, f"/namespaces/{JOBS}", spec=daily), what="create cronjobs beside Jobs")
    yield _create("pods", CORE, spec={"containers": [_OTHERS]})
    yield _create("services", CORE, spec={"ports": [{"port": 80}]})
    yield _create("serviceaccounts", CORE)
    yield _create("secrets", CORE, stringData={"a": "b"})
    yield _create("configmaps", CORE, data={"a": "b"})
    yield _create("persistentvolumeclaims", CORE, spec=claim)
    yield _create("networkpolicies", "/apis/networking.k8s.io/v1", spec={"podSelector": {}})
    yield _create("leases", "/apis/coordination.k8s.io/v1")
    yield _create("roles", RBAC, rules=[])
    yield _create("rolebindings", RBAC, **bound)
    yield _create("clusterroles", RBAC, "", rules=[])
    yield _create("clusterrolebindings", RBAC, "", **bound)
    yield _create("namespaces", CORE, "")
    yield _create("nodes", CORE, "")


def writes() -> Iterator[Try]:
    """Changes and ends of what is there."""
    for what, path in {
        "deployments": DEPLOYMENT,
        "pods": _A_POD,
        "secrets": f"{CORE}{HERE}/secrets/{SECRET}",
        "configmaps, the record": RECORD,
        "namespaces": f"{CORE}{HERE}",
        "rolebindings": f"{RBAC}{HERE}/rolebindings/opsbot",
    }.items():
        yield Try(f"delete {what}", "DELETE", path)
    yield Try("deletecollection deployments", "DELETE", f"{APPS}{HERE}/deployments")
    label = {"metadata": {"labels": {"a": "b"}}}
    for what, (path, body) in {
        "deployments/scale": (f"{DEPLOYMENT}/scale", {"spec": {"replicas": 0}}),
        "deployments/status": (f"{DEPLOYMENT}/status", {"status": {"observedGeneration": 99}}),
        "replicasets": (f"{APPS}{HERE}/replicasets/{REPLICA_SET}", label),
        "pods": (_A_POD, label),
        "pods/status": (f"{_A_POD}/status", {"status": {"message": "made up"}}),
        "pods/ephemeralcontainers": (f"{_A_POD}/ephemeralcontainers", {"spec": {"ephemeralContainers": [_OTHERS]}}),
        "secrets": (f"{CORE}{HERE}/secrets/{SECRET}", label),
        "namespaces": (f"{CORE}{HERE}", label),
        "roles": (f"{RBAC}{HERE}/roles/opsbot", {"rules": []}),
        "configmaps, another": (f"{CORE}{HERE}/configmaps/{manifests.CONFIG}", {"data": {"REGION": "other"}}),
        "configmaps, another key of the record": (RECORD, {"data": {"more": "b"}}),
        "configmaps, the record's labels": (RECORD, label),
        "configmaps, the limits of Jobs": (
            f"{CORE}/namespaces/{JOBS}/configmaps/opsbot-limits",
            {"data": {"a": "b"}},
        ),
    }.items():
        yield Try(f"patch {what}", "PATCH", path, body, MERGE_PATCH)


def connections() -> Iterator[Try]:
    """Shells, tunnels, tokens, and what else goes to a subresource."""
    token = {"spec": {"audiences": ["other"]}}
    yield Try("create serviceaccounts/token", "POST", f"{CORE}{HERE}/serviceaccounts/default/token", token)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": POD}}
    yield Try("create pods/eviction", "POST", f"{_A_POD}/eviction", eviction)
    binding = {"metadata": {"name": POD}, "target": {"kind": "Node", "name": "a-node"}}
    yield Try("create pods/binding", "POST", f"{_A_POD}/binding", binding)
    for method, verb in (("GET", "get"), ("POST", "create")):
        for what, path in {
            "pods/exec": f"{_A_POD}/exec?command=sh",
            "pods/attach": f"{_A_POD}/attach",
            "pods/portforward": f"{_A_POD}/portforward",
            "pods/proxy": f"{_A_POD}/proxy/",
            "services/proxy": f"{CORE}{HERE}/services/a-service/proxy/",
            "nodes/proxy": f"{CORE}/nodes/a-node/proxy/pods",
        }.items():
            yield Try(f"{verb} {what}", method, path, connects=True)


def what_rights_alone_refuse() -> Iterator[Try]:
    """Reading, and the policies themselves, which no policy can guard."""
    policies = "/apis/admissionregistration.k8s.io/v1"
    for what, path in {
        "get secrets": f"{CORE}{HERE}/secrets/{SECRET}",
        "list secrets": f"{CORE}{HERE}/secrets",
        "list secrets of Jobs": f"{CORE}/namespaces/{JOBS}/secrets",
        "list secrets of the bot": f"{CORE}/namespaces/opsbot/secrets",
        "list secrets of all": f"{CORE}/secrets",
        "list configmaps": f"{CORE}{HERE}/configmaps",
        "list deployments": f"{APPS}{HERE}/deployments",
        "list pods of all": f"{CORE}/pods",
        "list namespaces": f"{CORE}/namespaces",
        "list nodes": f"{CORE}/nodes",
        "get roles": f"{RBAC}{HERE}/roles/opsbot",
        "list policies": f"{policies}/validatingadmissionpolicies",
    }.items():
        yield Try(what, "GET", path, always=False)
    for kind in ("validatingadmissionpolicies", "validatingadmissionpolicybindings"):
        yield Try(f"delete {kind}", "DELETE", f"{policies}/{kind}/opsbot-deployments", always=False)
        relaxed = {"spec": {"failurePolicy": "Ignore"}}
        yield Try(
            f"patch {kind}", "PATCH", f"{policies}/{kind}/opsbot-deployments", relaxed, MERGE_PATCH, always=False
        )
    review = {"spec": {"user": "admin", "resourceAttributes": {"verb": "get", "resource": "secrets"}}}
    reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    yield Try("create subjectaccessreviews", "POST", reviews, review, always=False)
