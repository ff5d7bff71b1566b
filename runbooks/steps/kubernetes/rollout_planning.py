"""What a Deployment must be so that a change of its pods can be planned, and how the plan shows it."""

import re

from runbooks.catalogue import Workload
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import (
    images_of,
    is_paused,
    replicas_of,
    repository_of,
    tag_of,
    template_of,
    why_zero,
)
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads
from runbooks.vocabulary import Json, KnownGood, PlanningFailed

_COMMIT = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)  # as registries have it


def image_of(site: Site) -> str:
    """The image to roll out. Raises PlanningFailed where no image can be tagged so."""
    image = site.service.image_of(version=site.version, commit=site.commit)
    tag = image.removeprefix(f"{site.service.image}:")
    if not _TAG.fullmatch(tag):
        raise PlanningFailed(
            f"No image can have “{tag[:60]}” as its tag: a tag is made of letters, digits, “_”, “.” and “-”, "
            "128 at most. Deploy a version that is called so, or set `tag: commit` for "
            f"{site.service_name} in the catalogue."
        )
    return image


async def read_planned(workloads: Workloads, ref: Ref) -> Json:
    """A Deployment to plan with. Raises PlanningFailed where it is not there, or may not be read."""
    try:
        return await workloads.read(ref)
    except Denied as fault:
        raise PlanningFailed(fault.sentence) from fault
    except Missing as gone:
        existing = ", ".join(await workloads.names(ref))
        raise PlanningFailed(
            f"There is no Deployment {ref.deployment} in namespace {ref.namespace} of cluster {ref.cluster}."
            + (f" Existing: {existing}." if existing else "")
            + " Create it, or correct the service's workloads in the catalogue."
        ) from gone


def refuse_paused(raw: Json, ref: Ref) -> None:
    """Raise PlanningFailed where rollouts of the Deployment are stopped by hand."""
    if is_paused(raw):
        raise PlanningFailed(
            f"Deployment {ref.deployment} in namespace {ref.namespace} is paused, so new pods would never come. "
            f"Resume it (kubectl rollout resume deployment/{ref.deployment}), then try again."
        )


def refuse_unfit(raw: Json, ref: Ref, workload: Workload) -> None:
    """Raise PlanningFailed where new pods could not come, or would show nothing."""
    refuse_paused(raw, ref)
    if replicas_of(raw) == 0:
        raise PlanningFailed(
            f"Deployment {ref.deployment} in namespace {ref.namespace} has zero replicas ({why_zero(raw)}), "
            "so no new pod would show whether the release works. Scale it up, then try again."
        )
    there = images_of(template_of(raw))
    if lacking := [name for name in workload.containers if name not in there]:
        raise PlanningFailed(
            f"Deployment {ref.deployment} has no container {lacking[0]}; it has {', '.join(there)}. "
            "Correct the service's workloads in the catalogue."
        )


def move_of(raw: Json, workload: Workload, image: str) -> str:
    """From which version to which, as a line for the card."""
    now = images_of(template_of(raw))
    before = ", ".join(dict.fromkeys(tag_of(now[name]) for name in workload.containers))
    moves = f"{before} → {tag_of(image)}" if before != tag_of(image) else f"{before} already"
    return f"Deployment {workload.deployment}: {moves} · {replicas_said(raw)}"


def running(raw: Json, workload: Workload, site: Site) -> tuple[str, ...]:
    """What the workload's containers run now, as people call it: the last known good by its version, else by tag."""
    now = images_of(template_of(raw))
    return tuple(dict.fromkeys(_called(now[name], name, workload, site) for name in workload.containers))


def _called(image: str, container: str, workload: Workload, site: Site) -> str:
    good = site.known_good
    if good is not None and image in _known(good, container, workload, site):
        return good.version
    if repository_of(image) != site.service.image:
        return image.rpartition("/")[2]  # not this service's image: its tag alone would mislead
    tag = tag_of(image)
    return tag[:7] if _COMMIT.fullmatch(tag) else tag


def _known(good: KnownGood, container: str, workload: Workload, site: Site) -> list[str]:
    """The last known good's image, as it is named by version and as it was recorded."""
    recorded = [w for w in good.workloads if w.deployment == workload.deployment]
    images = [images for w in recorded for images in (w.images, images_of(w.template))]
    named = site.service.image_of(version=good.version, commit=good.commit)
    return [named, *(found[container] for found in images if container in found)]


def replicas_said(raw: Json) -> str:
    """`3 replicas`."""
    count = replicas_of(raw)
    return f"{count} replica{'' if count == 1 else 's'}"
