"""A last known good as it comes out of the store, and a rollback that goes to it."""

import json
from dataclasses import replace

from pydantic import TypeAdapter

from bot.adapters.service_database.database import ServiceDatabases
from runbooks.redaction import Redactor
from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.deployments import FIELD_MANAGER
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.restore import Restore
from runbooks.vocabulary import KnownGood
from tests.steps.kube import API, Kube, image, json_patch, planned
from tests.steps.places import NOW

KNOWN = TypeAdapter(KnownGood)
NO_DATABASES = ServiceDatabases({}.__getitem__)


async def recorded(kube: Kube, *workloads: str) -> KnownGood:
    """What runs now, as it comes out of the store."""
    record = Record("D-90", "v41", "3f2c1d9" + "0" * 33, "023_policy_profiles", NOW)
    known = await read_known_good(kube.workloads, kube.site(workloads=workloads or (API,)), record)
    return KNOWN.validate_python(Redactor().json(KNOWN.dump_python(known, mode="json")))


async def rolling_back(kube: Kube, restore: Restore, known: KnownGood, *workloads: str, epoch: int = 9) -> Turn:
    """A rollback whose confirmation showed all that others had changed."""
    return all_seen(await unseen(kube, restore, known, *workloads, epoch=epoch))


def all_seen(turn: Turn) -> Turn:
    """The same, where people were shown all that it overwrites."""
    return replace(turn, site=replace(turn.site, seen=frozenset(turn.step.params["overwrites"])))


async def unseen(kube: Kube, restore: Restore, known: KnownGood, *workloads: str, epoch: int = 9) -> Turn:
    """A rollback of which nobody was shown anything before, as one that begins by itself."""
    site = kube.site(workloads=workloads or (API,), run="R-107", version="v41", target=known, commit=known.commit)
    return await planned(restore, site, epoch=epoch)


async def deployed(kube: Kube, version: str) -> None:
    """A deploy of this bot, as the cluster keeps it: nobody else changed that image."""
    patch = json_patch("replace", "/spec/template/spec/containers/0/image", image(version))
    by = ("--type=json", f"--field-manager={FIELD_MANAGER}", f"--patch={json.dumps(patch)}")
    await kube.kubectl("patch", "deployment", API, *by)
