"""Whether what runs is still what was recorded: by image, by its digest, and by pod template. Reads only."""

from collections.abc import Iterator, Mapping

from runbooks.digests import digest_of
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import images_of, tag_of, template_of
from runbooks.steps.kubernetes.known_good import running_images
from runbooks.steps.kubernetes.pinning import unpinned
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.steps.kubernetes.rollout_watch import observe
from runbooks.steps.kubernetes.workloads import Missing, Workloads, refs_of
from runbooks.vocabulary import Json, KnownGood, KnownWorkload

_RESTARTED = "kubectl.kubernetes.io/restartedAt"  # a restart brings nothing that a rollback would take back


async def differences(workloads: Workloads, site: Site, good: KnownGood) -> tuple[str, ...]:
    """What runs otherwise than it was recorded, a sentence each; none where all is the same.

    Raises Denied and Unreachable: then nobody knows.
    """
    known = {each.deployment: each for each in good.workloads}
    found: list[str] = []
    for ref in refs_of(site):
        if ref.deployment not in known:
            found.append(f"Deployment {ref.deployment} is not in the record.")
            continue
        try:
            found += difference(known[ref.deployment], await observe(workloads, ref))
        except Missing:
            found.append(f"There is no Deployment {ref.deployment} any more.")
    return tuple(found)


def difference(known: KnownWorkload, seen: Observed) -> Iterator[str]:
    """What is different about one Deployment: its images, else its template, else what its tags stand for."""
    name, template = f"Deployment {known.deployment}", unpinned(template_of(seen.deployment), known)
    if moved := list(_moved(images_of(known.template), images_of(template))):
        yield from (f"{name} runs {now}, recorded is {before}." for before, now in moved)
    elif digest_of(template) != known.digest and _lasting(template) != _lasting(known.template):
        yield f"{name} has another pod template than was recorded, with the same images."
    else:
        now = running_images(seen)
        both = {c: (image, now[c]) for c, image in known.images.items() if "@" in image and "@" in now.get(c, "")}
        other = [(tag_of(before), tag_of(image)) for before, image in both.values() if before != image]
        yield from (f"{name} runs {image} under the same tag, recorded is {before}." for before, image in other)


def _moved(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Before and now, of each container that differs; a repository is only told where the tags are alike."""
    for container in dict.fromkeys([*before, *now]):
        old, new = before.get(container, ""), now.get(container, "")
        if old != new and (old or new):
            alike = bool(old and new) and tag_of(old) == tag_of(new)
            yield (old, new) if alike else (tag_of(old) if old else "nothing", tag_of(new) if new else "nothing")


def _lasting(template: Json) -> Json:
    """The template without the mark of `kubectl rollout restart`."""
    metadata = template.get("metadata") or {}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _RESTARTED}
    bare = {k: v for k, v in metadata.items() if k != "annotations"}
    return {**template, "metadata": {**bare, **({"annotations": annotations} if annotations else {})}}
