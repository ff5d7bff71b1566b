"""What a rollback brings back of a Deployment, what it does not, and why it may be impossible; reads only."""

from dataclasses import dataclass

from runbooks.digests import digest_of
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.config_hash import drift
from runbooks.steps.kubernetes.deployments import (
    appliers_of,
    images_of,
    is_paused,
    name_of,
    replicas_of,
    tag_of,
    template_of,
    without_hash,
)
from runbooks.steps.kubernetes.edits import Edit, edits, keys_of, told
from runbooks.steps.kubernetes.estimate import Place, about, estimate
from runbooks.steps.kubernetes.known_good import read_config_maps
from runbooks.steps.kubernetes.pinning import digests_of, is_template, moved_tags
from runbooks.steps.kubernetes.rollout_planning import read_planned, replicas_said
from runbooks.steps.kubernetes.rollout_watch import observe
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads, ref_of, refs_of
from runbooks.vocabulary import Json, KnownGood, KnownWorkload, PlanningFailed


@dataclass(frozen=True)
class Shown:
    """What somebody is shown before a rollback, a line each; and which edits of others it would overwrite."""

    lines: tuple[str, ...] = ()
    overwrites: tuple[str, ...] = ()  # their keys


@dataclass(frozen=True)
class Planned:
    """One Deployment's part of the plan, what is shown of it, and which edits of others it overwrites, by key."""

    item: Json
    shows: tuple[str, ...]
    overwrites: tuple[str, ...]


def target_of(site: Site) -> KnownGood:
    """The release to go back to. Raises PlanningFailed where there is none."""
    if site.target is None:
        raise PlanningFailed(
            f"There is no last known good of {site.service_name} in {site.environment_name} to go back to. "
            f"Deploy a version, or record what runs now: opsbot adopt {site.service_name} {site.environment_name}."
        )
    return site.target


def known_of(site: Site, deployment: str) -> KnownWorkload:
    """What the target knows of a Deployment. Raises PlanningFailed where it knows nothing."""
    good = target_of(site)
    found = next((w for w in good.workloads if w.deployment == deployment), None)
    if found is None:
        raise PlanningFailed(
            f"{good.version} was recorded without Deployment {deployment}, so it can't be put back. "
            f"Deploy {good.version} instead."
        )
    return found


async def template_for(workloads: Workloads, ref: Ref, raw: Json, known: KnownWorkload) -> Json:
    """The pod template to put back, as it was read when it was recorded. Raises PlanningFailed.

    Storing took out what looks like a secret; where that happened, the cluster's own ReplicaSets still have it.
    """
    wanted = known.digest or digest_of(known.template)
    if digest_of(known.template) == wanted:
        return without_hash(known.template)
    for replica_set in await workloads.replica_sets(ref, raw["spec"]["selector"]):
        kept = without_hash(template_of(replica_set))
        if digest_of(kept) == wanted:
            return kept
    raise PlanningFailed(
        f"The pod template of Deployment {ref.deployment} holds a secret in plain text, which was not stored, "
        "and its ReplicaSet is gone. Deploy the version instead, and move the secret into a Secret."
    )


async def base_of(workloads: Workloads, site: Site, raw: Json, template: Json) -> Json:
    """The template that a Deployment was last recorded with: what differs from it, somebody changed since."""
    good, name = site.known_good, name_of(raw)
    known = next((w for w in good.workloads if w.deployment == name), None) if good and good != site.target else None
    if known is None:
        return template
    try:
        return await template_for(workloads, ref_of(site, name), raw, known)
    except PlanningFailed:
        return known.template  # a secret that was taken out of it is told as changed then


async def edits_of(workloads: Workloads, site: Site, raw: Json, template: Json) -> tuple[Edit, ...]:
    """What others changed in a Deployment since it was recorded, and this template overwrites."""
    return edits(raw, await base_of(workloads, site, raw, template), template)


async def plan_of(workloads: Workloads, site: Site, ref: Ref) -> Planned:
    """What will be done to a Deployment, and the lines that say so. Raises PlanningFailed."""
    known, version = known_of(site, ref.deployment), target_of(site).version
    raw = await read_planned(workloads, ref)
    if is_paused(raw):
        raise PlanningFailed(paused(ref, version))
    template = await template_for(workloads, ref, raw, known)
    refuse_selector(raw, template, version)
    lost = await edits_of(workloads, site, raw, template)
    item = {"deployment": ref.deployment, **digests_of(template, known)}
    moves = _moves(raw, template, known, version) if site.trip is None else f"{site.trip.version} → {version}"
    lines = [f"Deployment {ref.deployment}: {moves} · {_staying(raw)}", *_lost(ref, lost)]
    if site.trip is None and is_template(raw, template, known):
        lines += await _moved(workloads, site, ref, known)
    return Planned(item, (*lines, *await _not_brought_back(workloads, ref, raw, known)), tuple(keys_of(lost)))


async def preview(workloads: Workloads, site: Site) -> Shown:
    """What a rollback of all Deployments would bring back and what not. Raises Unreachable."""
    lines: list[str] = []
    overwritten = Shown()
    places: list[Place] = []
    for ref in refs_of(site):
        try:
            known = known_of(site, ref.deployment)
            raw = await read_planned(workloads, ref)
            template = await template_for(workloads, ref, raw, known)
            overwritten = _and(overwritten, ref, await edits_of(workloads, site, raw, template))
            refuse_selector(raw, template, target_of(site).version)
            stands = is_template(raw, template, known)
            what = "already as recorded" if stands else "image and template back"
            places += [] if stands or is_paused(raw) else [Place(raw, template)]
            lines.append(f"{_pods(ref, site)}: {what}, {_staying(raw)}")
            lines += await _moved(workloads, site, ref, known) if stands else []
            if is_paused(raw):
                lines.append(paused(ref, target_of(site).version))
            lines += await _not_brought_back(workloads, ref, raw, known)
        except PlanningFailed as fault:
            lines.append(fault.sentence)
        except Denied as fault:
            lines.append(fault.sentence)
    lines = _with_time(lines, places, site)
    return Shown(tuple(dict.fromkeys([*overwritten.lines, *lines])), overwritten.overwrites)


def _with_time(lines: list[str], places: list[Place], site: Site) -> list[str]:
    """How long it would take, at the end of the pods' line; a line of its own where there are several."""
    place = site.environment
    back = estimate(places, rollout=place.rollout, health=place.health, took=site.took)
    if back is None:
        return lines
    if len(site.service.workloads) == 1:
        return [f"{lines[0]} · about {about(back.seconds)}", *lines[1:]]
    return [*lines, f"All pods together: {back.line}"]


async def overwrites(workloads: Workloads, site: Site) -> Shown:
    """The edits of others that a rollback would overwrite, a line for each Deployment. Raises Unreachable.

    What can't be put back, or not be read, has none.
    """
    shown = Shown()
    for ref in refs_of(site):
        try:
            raw = await workloads.read(ref)
            template = await template_for(workloads, ref, raw, known_of(site, ref.deployment))
            lost = await edits_of(workloads, site, raw, template)
        except (PlanningFailed, Missing, Denied):
            continue
        shown = _and(shown, ref, lost)
    return shown


def _and(shown: Shown, ref: Ref, lost: tuple[Edit, ...]) -> Shown:
    """With the edits of one more Deployment."""
    return Shown((*shown.lines, *_lost(ref, lost)), (*shown.overwrites, *keys_of(lost)))


def _lost(ref: Ref, found: tuple[Edit, ...]) -> list[str]:
    return [f"Overwrites what others changed in {ref.deployment}: {told(found)}"] if found else []


def paused(ref: Ref, version: str) -> str:
    """Why a paused Deployment can't be rolled back."""
    return (
        f"Deployment {ref.deployment} in namespace {ref.namespace} is paused, so {version} would not come back. "
        f"Resume it (kubectl rollout resume deployment/{ref.deployment}), then roll back."
    )


def refuse_selector(raw: Json, template: Json, version: str) -> None:
    """Raise PlanningFailed where the Deployment no longer selects pods of this template: it can't be changed."""
    labels = template.get("metadata", {}).get("labels") or {}
    wanted = raw["spec"]["selector"].get("matchLabels") or {}
    if not wanted.items() <= labels.items():
        name = raw["metadata"]["name"]
        raise PlanningFailed(
            f"Deployment {name} can't take the pod template of {version} back: its selector changed since, and no "
            f"longer matches that template's labels. Deploy {version} anew."
        )


def _staying(raw: Json) -> str:
    """`3 replicas stay`: an autoscaler may own them, so their number is never put back."""
    return f"{replicas_said(raw)} stay{'s' if replicas_of(raw) == 1 else ''}"


def _pods(ref: Ref, site: Site) -> str:
    return "Pods" if len(site.service.workloads) == 1 else f"Pods of {ref.deployment}"


async def _moved(workloads: Workloads, site: Site, ref: Ref, known: KnownWorkload) -> list[str]:
    """That the template alone would bring nothing back: its pods run something else under the same tag."""
    ours = next(w.containers for w in site.service.workloads if w.deployment == ref.deployment)
    try:
        moved = moved_tags(await observe(workloads, ref), known, ours)
    except Missing:
        return []
    return [
        f"Container {name} of {ref.deployment} runs another image than was recorded, under its tag "
        f"{_tag(known, name)}: the one that was recorded comes back by digest"
        for name in moved
    ]


def _tag(known: KnownWorkload, container: str) -> str:
    return tag_of(images_of(known.template)[container])


def _moves(raw: Json, template: Json, known: KnownWorkload, version: str) -> str:
    if is_template(raw, template, known):
        return f"already on the template of {version}"
    before, after = images_of(template_of(raw)), images_of(template)
    left = [tag_of(before[name]) for name in after if name in before and before[name] != after[name]]
    return f"{', '.join(dict.fromkeys(left)) or 'template'} → {version}"


async def _not_brought_back(workloads: Workloads, ref: Ref, raw: Json, known: KnownWorkload) -> list[str]:
    now = await _config_maps(workloads, ref, known)
    lines = [f"Not brought back: {clause}" for clause in now]
    lines += [
        f"Deployment {ref.deployment} is also changed by {applier}: its next apply may undo the rollback"
        for applier in appliers_of(raw)
    ]
    return lines


async def _config_maps(workloads: Workloads, ref: Ref, known: KnownWorkload) -> tuple[str, ...]:
    try:
        return drift(known.config_maps, await read_config_maps(workloads, ref, tuple(known.config_maps)))
    except Denied:
        return ("ConfigMaps, and whether they changed is not known (they may not be read)",)
