"""What a raw Deployment says: its containers' images, whose epoch it carries, who last scaled it. Pure."""

import re
from collections.abc import Iterator, Mapping

from runbooks.steps.kubernetes.workloads import Denied
from runbooks.vocabulary import Fenced, Json

EPOCH = "opsbot.dev/epoch"
RUN = "opsbot.dev/run"
CAUSE = "kubernetes.io/change-cause"
FIELD_MANAGER = "opsbot"
"""The name under which the cluster keeps what this bot changed."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_HASH = "pod-template-hash"
_PORT = re.compile(r"[^/]*:[0-9]+/")  # of the registry: the one colon that begins no tag


def name_of(raw: Json) -> str:
    """The object's name."""
    return str(raw["metadata"]["name"])


def uid_of(raw: Json) -> str:
    """The object's uid: another one is another object, whatever its name."""
    return str(raw["metadata"]["uid"])


def annotation(raw: Json, key: str) -> str | None:
    """One annotation of the object itself (not of its pods)."""
    found: str | None = (raw["metadata"].get("annotations") or {}).get(key)
    return found


def epoch_of(raw: Json) -> int:
    """The epoch of the last holder that wrote here; 0 where none has. Raises Denied where it can't be read."""
    text = annotation(raw, EPOCH) or "0"
    if not text.isdecimal():
        raise Denied(
            f"Deployment {name_of(raw)} has an annotation {EPOCH} that is no number. Remove it, then try again."
        )
    return int(text)


def refuse_newer(raw: Json, epoch: int) -> None:
    """Raise Fenced where a later holder has written here."""
    if (there := epoch_of(raw)) > epoch:
        raise Fenced(f"Deployment {name_of(raw)} was taken over by holder {there}, this was {epoch}")


def template_of(raw: Json) -> Json:
    """The pod template."""
    found: Json = raw["spec"]["template"]
    return found


def without_hash(template: Json) -> Json:
    """A pod template without the label that the controller puts on a ReplicaSet's."""
    metadata = template.get("metadata") or {}
    labels = metadata.get("labels") or {}
    if _HASH not in labels:
        return template
    return {**template, "metadata": {**metadata, "labels": {k: v for k, v in labels.items() if k != _HASH}}}


def containers_of(template: Json) -> Iterator[tuple[str, int, Json]]:
    """Every container of a pod template with the list it stands in and its place there."""
    for group in ("containers", "initContainers"):
        for index, container in enumerate(template["spec"].get(group) or ()):
            yield group, index, container


def images_of(template: Json) -> dict[str, str]:
    """Container -> image."""
    return {str(c["name"]): str(c.get("image", "")) for _, _, c in containers_of(template)}


def carries(raw: Json, images: Mapping[str, str]) -> bool:
    """Whether the containers named have these images."""
    return images.items() <= images_of(template_of(raw)).items()


def is_paused(raw: Json) -> bool:
    """Whether its rollouts are stopped by hand."""
    return bool(raw["spec"].get("paused"))


def replicas_of(raw: Json) -> int:
    """How many pods it is to have (the default is 1)."""
    return int(raw["spec"].get("replicas", 1))


def why_zero(raw: Json) -> str:
    """Who set the replicas to zero, as a clause.

    A request to scale to zero leaves no owner of the field behind, whoever made it; an edit of the object does.
    """
    managers = [entry.get("manager") for entry in raw["metadata"].get("managedFields", ()) if _owns_replicas(entry)]
    return (
        f"set by {managers[0]}, not by an autoscaler" if managers else "scaled down by a person or by an autoscaler"
    )


def _owns_replicas(entry: Json) -> bool:
    return "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})


def appliers_of(raw: Json) -> tuple[str, ...]:
    """Who applies this Deployment from files, and so may put back what we take away."""
    applied = [
        str(entry.get("manager"))
        for entry in raw["metadata"].get("managedFields", ())
        if entry.get("operation") == "Apply"
        and entry.get("manager") != FIELD_MANAGER
        and "f:spec" in entry.get("fieldsV1", {})
    ]
    return tuple(dict.fromkeys([*(["kubectl apply"] if annotation(raw, _APPLIED) else []), *applied]))


def tag_of(image: str) -> str:
    """What people call an image: its tag, or the first digits of its digest."""
    _, tag, digest = _parts(image)
    return digest[: len("sha256:") + 7] if digest else tag or "latest"


def written_tag(image: str) -> str:
    """The tag that it is written with; "" where there is none."""
    return _parts(image)[1]


def repository_of(image: str) -> str:
    """An image without its tag and digest."""
    return _parts(image)[0]


def _parts(image: str) -> tuple[str, str, str]:
    name, _, digest = image.partition("@")
    host = _PORT.match(name)
    start = host.end() if host else 0
    path, _, tag = name[start:].partition(":")
    return name[:start] + path, tag, digest
