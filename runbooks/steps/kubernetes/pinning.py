"""Images by digest, where a tag no longer stands for what was recorded: the same template would bring other bytes.

A restore puts the template back as it was, so that pods of it which still run are kept; only where a pod is seen to
run another image under a recorded tag, its digest is written beside the tag.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runbooks.digests import digest_of
from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.changing import Change, Decide, apply
from runbooks.steps.kubernetes.deployments import (
    containers_of,
    images_of,
    is_paused,
    name_of,
    repository_of,
    template_of,
    uid_of,
)
from runbooks.steps.kubernetes.patches import set_template, sign
from runbooks.steps.kubernetes.rollout_state import Observed, new_pods
from runbooks.steps.kubernetes.rollout_watch import begin
from runbooks.steps.kubernetes.workloads import Denied, Missing, Patch, Workloads, ref_of
from runbooks.vocabulary import Failed, Json, KnownWorkload, Outcome

_PREFIXES = ("docker-pullable://", "docker.io/", "library/")


def pinned(template: Json, images: Mapping[str, str]) -> Json:
    """The template with the recorded digest beside each tag: `repository:v41@sha256:...`."""
    return _with_images(template, {name: _pinned(image, images.get(name, "")) for name, image in _images(template)})


def unpinned(template: Json, known: KnownWorkload) -> Json:
    """The template as it was recorded, where it differs from that by digests which say the same."""
    before = images_of(known.template)
    tags = {name: image for name, image in before.items() if _pinned(image, known.images.get(name, "")) != image}
    now = dict(_images(template))
    same = {name: tag for name, tag in tags.items() if now.get(name) == _pinned(tag, known.images[name])}
    return _with_images(template, {**now, **same}) if same else template


def is_template(raw: Json, template: Json, known: KnownWorkload) -> bool:
    """Whether a Deployment carries this template, by tag or by the digests that were recorded for it."""
    return template_of(raw) in (template, pinned(template, known.images))


def digests_of(template: Json, known: KnownWorkload) -> Json:
    """What a plan keeps, to know the template again: its digest, and that of it with its images by digest."""
    by_tag, by_digest = digest_of(template), digest_of(pinned(template, known.images))
    return {"template": by_tag, **({"by_digest": by_digest} if by_digest != by_tag else {})}


def moved_tags(seen: Observed, known: KnownWorkload, containers: Sequence[str]) -> tuple[str, ...]:
    """Those of the containers of which a pod runs another image than was recorded, under its tag."""
    asked = images_of(template_of(seen.deployment))
    return tuple(
        name
        for name in containers
        if (wanted := known.images.get(name, "").partition("@")[2])
        and _pinned(asked.get(name, ""), known.images[name]) != asked.get(name, "")
        and any(digest != wanted for digest in _running(seen, name, asked[name]))
    )


async def put_by_digest(
    workloads: Workloads, turn: Turn, seen: Sequence[Observed], moved: Mapping[str, str]
) -> Outcome:
    """Write the digests into these Deployments (name -> its containers), and watch from the beginning."""
    target = turn.site.target
    known = {each.deployment: each for each in target.workloads} if target else {}
    changes = [Change(ref_of(turn.site, name), _decide(turn, known[name])) for name in moved]
    try:
        changed = await apply(workloads, changes, epoch=turn.epoch)
    except Denied as fault:
        return Failed(fault.sentence)
    except Missing as gone:
        return Failed(f"There is no Deployment {gone} any more, so its image could not be put back.")
    uids = {name_of(one.deployment): uid_of(one.deployment) for one in seen} | changed
    line = f"{', '.join(moved.values())}: the tag stands for another image by now, so it is put back by digest"
    return replace(begin(turn, uids, urgent=True), line=line)


def _decide(turn: Turn, known: KnownWorkload) -> Decide:
    item = next(each for each in turn.step.params["workloads"] if each["deployment"] == known.deployment)
    epoch, run, cause = turn.epoch, turn.site.run, f"{turn.site.run}: by digest, its tag was moved"

    def decide(raw: Json) -> Patch:
        stands = digest_of(template_of(raw))
        if is_paused(raw):
            raise Denied(f"Deployment {known.deployment} is paused. Resume it, then roll back.")
        if stands == item.get("by_digest"):
            return sign(raw, epoch=epoch, run=run, cause=cause)
        if stands != item["template"]:
            return []  # somebody changed it just now: the next look tells
        return set_template(raw, pinned(template_of(raw), known.images), epoch=epoch, run=run, cause=cause)

    return decide


def _images(template: Json) -> list[tuple[str, str]]:
    return list(images_of(template).items())


def _pinned(image: str, recorded: str) -> str:
    """An image by its tag and the digest that was recorded of it."""
    repository, _, digest = recorded.partition("@")
    return f"{image}@{digest}" if digest and "@" not in image and repository_of(image) == repository else image


def _with_images(template: Json, images: Mapping[str, str]) -> Json:
    groups: dict[str, list[Json]] = {}
    for group, _, container in containers_of(template):
        image = images.get(str(container["name"]), container.get("image"))
        groups.setdefault(group, []).append({**container, "image": image} if image else container)
    return {**template, "spec": {**template["spec"], **groups}}


def _running(seen: Observed, container: str, image: str) -> set[str]:
    """The digests under which pods run it, as far as a registry has them: a node's own id can't be pulled."""
    found = set()
    for pod in new_pods(seen):
        status = pod.get("status", {})
        for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            repository, at, digest = str(one.get("imageID") or "").rpartition("@")
            if one["name"] == container and at and _plain(repository) == _plain(repository_of(image)):
                found.add(digest)
    return found


def _plain(repository: str) -> str:
    for prefix in _PREFIXES:
        repository = repository.removeprefix(prefix)
    return repository
