"""The JSON patches that change a Deployment: compare, then set, in one request. Pure.

Each tests what it was decided from: the object, its whole template, that it is not paused, the last holder's epoch.
"""

from collections.abc import Mapping

from runbooks.steps.kubernetes.deployments import (
    CAUSE,
    EPOCH,
    RUN,
    annotation,
    containers_of,
    epoch_of,
    template_of,
    uid_of,
)
from runbooks.steps.kubernetes.workloads import Patch
from runbooks.vocabulary import Json


def fence(raw: Json, *, epoch: int) -> Patch:
    """Write the epoch, change nothing else; [] where it stands already."""
    if epoch_of(raw) == epoch:
        return []
    return [_test("/metadata/uid", uid_of(raw)), *_annotate(raw, {EPOCH: str(epoch)})]


def sign(raw: Json, *, epoch: int, run: str, cause: str) -> Patch:
    """Write who acts here and why, where the template is as it shall be; [] where it all stands already."""
    marks = _marks(epoch=epoch, run=run, cause=cause)
    if all(annotation(raw, key) == value for key, value in marks.items()):
        return []
    return [*_same_pods(raw), *_annotate(raw, marks)]


def set_images(raw: Json, images: Mapping[str, str], *, epoch: int, run: str, cause: str) -> Patch:
    """Give the containers named these images."""
    places = [
        {"op": "replace", "path": f"/spec/template/spec/{group}/{index}/image", "value": images[container["name"]]}
        for group, index, container in containers_of(template_of(raw))
        if container["name"] in images
    ]
    return [*_as_read(raw), *places, *_annotate(raw, _marks(epoch=epoch, run=run, cause=cause))]


def set_template(raw: Json, template: Json, *, epoch: int, run: str, cause: str) -> Patch:
    """Put this whole pod template in."""
    replaced = {"op": "replace", "path": "/spec/template", "value": template}
    return [*_as_read(raw), replaced, *_annotate(raw, _marks(epoch=epoch, run=run, cause=cause))]


def _marks(*, epoch: int, run: str, cause: str) -> dict[str, str]:
    # Without a change cause of its own, the last one's is copied onto the ReplicaSet that comes back.
    return {EPOCH: str(epoch), RUN: run, CAUSE: cause}


def _as_read(raw: Json) -> Patch:
    return [*_same_pods(raw), _test("/spec/paused", None)]


def _same_pods(raw: Json) -> Patch:
    return [_test("/metadata/uid", uid_of(raw)), _test("/spec/template", template_of(raw))]


def _annotate(raw: Json, marks: Mapping[str, str]) -> Patch:
    """Set annotations, provided that the epoch is still the one that was read."""
    if not raw["metadata"].get("annotations"):
        return [_test("/metadata/annotations", None), _add("/metadata/annotations", dict(marks))]
    at = {key: f"/metadata/annotations/{_escaped(key)}" for key in marks}
    return [_test(at[EPOCH], annotation(raw, EPOCH)), *(_add(at[key], value) for key, value in marks.items())]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _test(path: str, value: object) -> Json:
    return {"op": "test", "path": path, "value": value}


def _add(path: str, value: object) -> Json:
    return {"op": "add", "path": path, "value": value}
