"""The Secrets that a pod template refers to, by name; what is in them is never read. Pure."""

from collections.abc import Iterator
from typing import Any

from runbooks.steps.kubernetes.deployments import containers_of
from runbooks.vocabulary import Json

Found = tuple[str, bool]
"""A name, and whether pods can start without it."""


def secrets_of(template: Json) -> tuple[str, ...]:
    """The names of all Secrets that a pod template refers to, sorted."""
    return tuple(sorted({name for name, _ in _found(template)}))


def needed_secrets(template: Json) -> tuple[str, ...]:
    """Those of them without which no pod starts, sorted."""
    return tuple(sorted({name for name, optional in _found(template) if not optional}))


def _found(template: Json) -> Iterator[Found]:
    yield from _of_containers(template)
    for volume in template["spec"].get("volumes") or ():
        yield from _of_volume(volume)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _of_volume(source)
    for reference in template["spec"].get("imagePullSecrets") or ():
        if name := reference.get("name"):
            yield str(name), True  # an image may be there already, or be public


def _of_containers(template: Json) -> Iterator[Found]:
    for _, _, container in containers_of(template):
        for source in container.get("envFrom") or ():
            yield from _named(source.get("secretRef"))
        for variable in container.get("env") or ():
            yield from _named((variable.get("valueFrom") or {}).get("secretKeyRef"))


def _of_volume(source: Json) -> Iterator[Found]:
    """A Secret itself, or one that another kind of volume is opened with."""
    for kind, inner in source.items():
        if not isinstance(inner, dict):
            continue
        if name := inner.get("secretName") or (kind == "secret" and inner.get("name")):
            yield str(name), bool(inner.get("optional"))
        for reference in ("secretRef", "nodePublishSecretRef"):
            yield from _named(inner.get(reference))


def _named(reference: Any) -> Iterator[Found]:
    if reference and reference.get("name"):
        yield str(reference["name"]), bool(reference.get("optional"))
