"""The epochs on an environment's targets: whoever comes with a lower one is refused there."""

from bot.adapters.service_database.database import ServiceDatabases
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import EPOCH, epoch_of
from runbooks.steps.kubernetes.workloads import Workloads, refs_of


async def standing(workloads: Workloads, databases: ServiceDatabases, site: Site) -> dict[str, int]:
    """The last epoch on each target, by where it stands; 0 where there is none yet.

    Raises Missing, Denied, DatabaseUnfit, Unreachable, and SettingsError where the database's variable is not set.
    """
    found = {
        f"Deployment {ref.deployment} (its annotation {EPOCH})": epoch_of(await workloads.read(ref))
        for ref in refs_of(site)
    }
    if site.environment.database:
        found[f"The database {site.environment.database} (its table opsbot.fence)"] = await databases.epoch(site)
    return found
