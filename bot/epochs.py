"""The epochs on an environment's targets: whoever comes with a lower one is refused there."""

from bot.adapters.service_database.database import ServiceDatabases
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import EPOCH, epoch_of
from runbooks.steps.kubernetes.workloads import Missing, Workloads, refs_of


async def standing(
    workloads: Workloads, databases: ServiceDatabases, site: Site, *, missing: list[str] | None = None
) -> dict[str, int]:
    """The last epoch on each target, by where it stands; 0 where there is none yet.

    A Deployment that is not there is named in `missing`; where that is not given, it raises Missing.
    Raises Denied, DatabaseUnfit, Unreachable, and SettingsError where the database's variable is not set.
    """
    found: dict[str, int] = {}
    for ref in refs_of(site):
        try:
            epoch = epoch_of(await workloads.read(ref))
        except Missing:
            if missing is None:
                raise
            missing.append(ref.deployment)
            continue
        found[f"Deployment {ref.deployment} (its annotation {EPOCH})"] = epoch
    if site.environment.database:
        found[f"The database {site.environment.database} (its table opsbot.fence)"] = await databases.epoch(site)
    return found
