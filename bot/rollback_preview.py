"""What a rollback would bring back and what it would not, read within the time that a person waits for."""

import asyncio
from dataclasses import dataclass

from commands.edge import Preview
from runbooks.catalogue import Environment, Service
from runbooks.durations import Took
from runbooks.releases.state import Release
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.restore_planning import Shown, preview
from runbooks.steps.kubernetes.workloads import Workloads
from runbooks.steps.migrations.database import ServiceDatabase
from runbooks.steps.migrations.staying import PATIENCE, has_schema, stays
from runbooks.vocabulary import OPSBOT, KnownGood, Unreachable

_SILENT = "Pods: not known, the cluster did not answer in time. The rollback itself will keep trying"


@dataclass(frozen=True)
class RollbackPreview:
    """Meets `commands.edge.WayBack`."""

    workloads: Workloads
    databases: ServiceDatabase

    async def preview(
        self,
        service: tuple[str, Service],
        environment: tuple[str, Environment],
        target: KnownGood,
        release: Release,
        *,
        took: tuple[Took, ...] = (),
    ) -> Preview:
        """Lines for the private confirmation; what can't be read in time is said to be unknown."""
        site = Site(
            run="",
            service_name=service[0],
            service=service[1],
            environment_name=environment[0],
            environment=environment[1],
            requester=OPSBOT,
            version=target.version,
            commit=target.commit,
            known_good=release.known_good,
            fits=release.fits,
            took=took,
            target=target,
        )
        pods, database = await asyncio.gather(self._pods(site), schema(self.databases, site))
        return Preview((*pods.lines, *database), pods.overwrites)

    async def _pods(self, site: Site) -> Shown:
        try:
            async with asyncio.timeout(PATIENCE):
                return await preview(self.workloads, site)
        except (TimeoutError, Unreachable):
            return Shown((_SILENT,))


async def schema(databases: ServiceDatabase, site: Site) -> list[str]:
    """What stays in the service's database; of one without newer migrations, that there is none."""
    if not has_schema(site):
        return []
    return await stays(databases, site) or ["Database: no migration was applied since"]
