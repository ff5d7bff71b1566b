"""Reading what runs as a known good release: templates, images by digest, and the configuration's hashes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runbooks.digests import digest_of
from runbooks.release_facts import AppliedMigration
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.config_hash import config_hash, config_maps_of, key_hashes
from runbooks.steps.kubernetes.deployments import images_of, name_of, repository_of, template_of, uid_of
from runbooks.steps.kubernetes.rollout_state import Observed, new_pods
from runbooks.steps.kubernetes.rollout_watch import observe
from runbooks.steps.kubernetes.secret_names import secrets_of
from runbooks.steps.kubernetes.workloads import Ref, Workloads, refs_of
from runbooks.vocabulary import Json, KnownGood, KnownWorkload


@dataclass(frozen=True)
class Record:
    """What is known of a release besides what the cluster says."""

    run: str  # "D-107", or "adopt"
    version: str
    commit: str  # full
    migrations_version: str
    at: datetime
    all_tests_pass: bool = False
    health_status: str = "unknown"
    ledger: tuple[AppliedMigration, ...] = ()


async def read_known_good(workloads: Workloads, site: Site, record: Record) -> KnownGood:
    """What runs at the site now, with everything that a rollback to it needs.

    Raises Missing (named by the Deployment), Denied, Unreachable.
    """
    found, templates, data = [], {}, {}
    for ref in refs_of(site):
        seen = await observe(workloads, ref)
        template = template_of(seen.deployment)
        maps = await read_config_maps(workloads, ref, config_maps_of(template))
        found.append(_workload(seen, maps))
        templates[ref.deployment] = template
        data.update(maps)
    return KnownGood(
        run=record.run,
        version=record.version,
        commit=record.commit,
        workloads=tuple(found),
        migrations_version=record.migrations_version,
        config_hash=config_hash(templates, data),
        at=record.at,
        all_tests_pass=record.all_tests_pass,
        health_status=record.health_status,
        ledger=record.ledger,
    )


async def read_config_maps(workloads: Workloads, ref: Ref, names: Sequence[str]) -> dict[str, Json | None]:
    """The ConfigMaps of these names in the Deployment's namespace; None for those that are not there."""
    found = await asyncio.gather(*(workloads.config_map(ref, name) for name in names))
    return dict(zip(names, found, strict=True))


def _workload(seen: Observed, maps: dict[str, Json | None]) -> KnownWorkload:
    template = template_of(seen.deployment)
    return KnownWorkload(
        deployment=name_of(seen.deployment),
        uid=uid_of(seen.deployment),
        template=template,
        images=running_images(seen),
        digest=digest_of(template),
        config_maps={name: key_hashes(data) for name, data in maps.items()},
        secrets=secrets_of(template),
    )


def running_images(seen: Observed) -> dict[str, str]:
    """Container -> image as the pods run it, by digest where all say the same; else as it is asked for."""
    asked = images_of(template_of(seen.deployment))
    return {name: _by_digest(image, _digests(seen, name)) for name, image in asked.items()}


def _digests(seen: Observed, container: str) -> set[str]:
    """The digests that pods report; "" where an imageID names no repository: it is a node's own id then."""
    found = set()
    for pod in new_pods(seen):
        status = pod.get("status", {})
        for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            if one["name"] == container:
                _, at, digest = str(one.get("imageID") or "").rpartition("@")
                found.add(digest if at else "")
    return found


def _by_digest(image: str, digests: set[str]) -> str:
    """`repository@sha256:...`, where there is one digest to name."""
    digest = next(iter(digests)) if len(digests) == 1 else ""
    if "@" in image:
        digest = image.partition("@")[2]
    return f"{repository_of(image)}@{digest}" if digest.startswith("sha256:") else image
