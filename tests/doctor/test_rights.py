"""The rights that the doctor asks for are those that deploy/kubernetes gives."""

from typing import Any

import yaml

from bot.doctor import rights
from sandbox.cluster.rights import MANIFESTS
from sandbox.service.manifests import NAME


def _rules(name: str) -> list[dict[str, Any]]:
    """The rules of the Role in a file."""
    objects = yaml.safe_load_all((MANIFESTS / name).read_text())
    role: dict[str, Any] = next(one for one in objects if one["kind"] == "Role")
    return list(role["rules"])


def test_what_is_needed_is_what_the_manifests_give() -> None:
    for name, needed in (
        ("rights-solvereign-production.yaml", rights.needed_by_service("", [NAME], [f"{NAME}-last-known-good"])),
        ("base/jobs.yaml", rights.needed_by_jobs("")),
    ):
        given = {
            (verb, resource, group, target)
            for rule in _rules(name)
            for verb in rule["verbs"]
            for resource in rule["resources"]
            for group in rule["apiGroups"]
            for target in rule.get("resourceNames", [""])
        }
        assert given == {(each.verb, each.resource, each.group, each.name) for each in needed}
