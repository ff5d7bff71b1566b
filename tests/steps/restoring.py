"""A last known good as it comes out of the store, and a rollback that goes to it."""

from pydantic import TypeAdapter

from bot.adapters.service_database.database import ServiceDatabases
from runbooks.redaction import Redactor
from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.restore import Restore
from runbooks.vocabulary import KnownGood
from tests.steps.kube import API, Kube, planned
from tests.steps.places import NOW

KNOWN = TypeAdapter(KnownGood)
NO_DATABASES = ServiceDatabases({}.__getitem__)


async def recorded(kube: Kube, *workloads: str) -> KnownGood:
    """What runs now, as it comes out of the store."""
    record = Record("D-90", "v41", "3f2c1d9" + "0" * 33, "023_policy_profiles", NOW)
    known = await read_known_good(kube.workloads, kube.site(workloads=workloads or (API,)), record)
    return KNOWN.validate_python(Redactor().json(KNOWN.dump_python(known, mode="json")))


async def rolling_back(kube: Kube, restore: Restore, known: KnownGood, *workloads: str, epoch: int = 9) -> Turn:
    site = kube.site(workloads=workloads or (API,), run="R-107", version="v41", target=known, commit=known.commit)
    return await planned(restore, site, epoch=epoch)
