"""What a rollback would bring back and what it would not, read within the time that a person waits for."""

import asyncio
from dataclasses import dataclass

from runbooks.catalogue import Environment, Service
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.steps.kubernetes.workloads import Workloads
from runbooks.steps.migrations.database import DatabaseUnfit, ServiceDatabase, State
from runbooks.vocabulary import OPSBOT, Fenced, KnownGood, Unreachable

PATIENCE = 3.5  # seconds; with the look-ups before it, an answer comes within 5


@dataclass(frozen=True)
class RollbackPreview:
    """Meets `commands.edge.WayBack`."""

    workloads: Workloads
    databases: ServiceDatabase

    async def preview(
        self, service_name: str, service: Service, environment_name: str, environment: Environment, target: KnownGood
    ) -> list[str]:
        """Lines for the private confirmation; what can't be read in time is said to be unknown."""
        site = Site(
            run="",
            service_name=service_name,
            service=service,
            environment_name=environment_name,
            environment=environment,
            requester=OPSBOT,
            version=target.version,
            commit=target.commit,
            target=target,
        )
        pods, schema = await asyncio.gather(self._pods(site), self._schema(site, target))
        return [*pods, *schema]

    async def _pods(self, site: Site) -> list[str]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await preview(self.workloads, site)
        except (TimeoutError, Unreachable):
            return ["Pods: not known, the cluster did not answer in time. The rollback itself will keep trying"]

    async def _schema(self, site: Site, target: KnownGood) -> list[str]:
        if site.service.migrations is None:
            return []
        try:
            async with asyncio.timeout(PATIENCE):
                rows = await self.databases.rows(site)
        except (TimeoutError, Unreachable, Fenced, DatabaseUnfit):
            return ["Database: not known, it did not answer in time. Its schema stays as it is"]
        names = [r.name.removesuffix(".sql") for r in rows if r.state is State.APPLIED]
        newer = names[names.index(target.migrations_version) + 1 :] if target.migrations_version in names else []
        if not newer:
            return ["Database: no migration was applied since"]
        listed = ", ".join(name.partition("_")[0] for name in newer)
        stay = "stay" if len(newer) > 1 else "stays"
        return [f"Database: {listed} {stay}; it is not known whether {target.version} runs on {newer[-1]}"]
