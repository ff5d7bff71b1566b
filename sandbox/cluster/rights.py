"""The rights that `deploy/kubernetes` ships, given to the sandbox's narrow user as well as to the ServiceAccount."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from sandbox.cluster.identities import OPSBOT

Object = dict[str, Any]

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"
_RIGHTS = frozenset({"Namespace", "ServiceAccount", "Role", "RoleBinding", "ConfigMap"})
_USER = {"kind": "User", "name": OPSBOT, "apiGroup": "rbac.authorization.k8s.io"}
_SERVICE_FILE = "rights-solvereign-production.yaml"


def shipped_rights() -> list[Object]:
    """Namespaces, ServiceAccounts, Roles and their bindings; the namespaces, those of the services too, are first."""
    files = sorted(MANIFESTS.rglob("*.yaml"))
    found = [_widened(one) for file in files for one in _objects(file) if one["kind"] in _RIGHTS]
    spaces = [one for one in found if one["kind"] == "Namespace"]
    made = {one["metadata"]["name"] for one in spaces}
    used = {one["metadata"]["namespace"] for one in found if "namespace" in one["metadata"]}
    spaces += [namespace(name) for name in sorted(used - made)]
    return [*spaces, *(one for one in found if one["kind"] != "Namespace")]


def namespace(name: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service_rights(name: str) -> list[Object]:
    """A namespace in which the bot may do what it may do in that of the sample service."""
    objects = [_widened(one) for one in _objects(MANIFESTS / _SERVICE_FILE)]
    for one in objects:
        one["metadata"]["namespace"] = name
    return [namespace(name), *objects]


def _objects(file: Path) -> Iterable[Object]:
    return (one for one in yaml.safe_load_all(file.read_text()) if one and "kind" in one)


def _widened(one: Object) -> Object:
    bound = one.get("subjects", [])
    if any(subject["name"] == OPSBOT for subject in bound):
        one["subjects"] = [*bound, _USER]
    return one
