"""What a rollback would bring back and what it would not, read within the time that a person waits for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.catalogue import Environment, Service
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.steps.kubernetes.workloads import Workloads
from runbooks.steps.migrations.database import DatabaseUnfit, Row, ServiceDatabase
from runbooks.steps.migrations.downs import newer
from runbooks.steps.migrations.files import stem
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
        pods, stays = await asyncio.gather(self._pods(site), schema(self.databases, site))
        return [*pods, *stays]

    async def _pods(self, site: Site) -> list[str]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await preview(self.workloads, site)
        except (TimeoutError, Unreachable):
            return ["Pods: not known, the cluster did not answer in time. The rollback itself will keep trying"]


async def schema(databases: ServiceDatabase, site: Site) -> list[str]:
    """What stays in the service's database, and what may; what can't be read in time is said to be unknown."""
    if site.service.migrations is None or site.environment.database is None:
        return []
    try:
        async with asyncio.timeout(PATIENCE):
            rows = await databases.rows(site)
    except (TimeoutError, Unreachable, Fenced, DatabaseUnfit):
        return ["Database: not known, it did not answer in time. Its schema stays as it is"]
    since = newer(rows, site)[::-1]
    return [_stay(since, site), *_half_way(since)] if since else ["Database: no migration was applied since"]


def _stay(since: Sequence[Row], site: Site) -> str:
    listed, stay = ", ".join(row.name.partition("_")[0] for row in since), "stay" if len(since) > 1 else "stays"
    without = site.target is not None and not site.target.migrations_version
    version = f"{site.version}, recorded without a migration," if without else site.version
    return f"Database: {listed} {stay}; it is not known whether {version} runs on {stem(since[-1].name)}"


def _half_way(since: Sequence[Row]) -> list[str]:
    half = [row for row in since if not row.state.settled]
    return [f"Database: {stem(row.name)} was left half-way by {row.run}: a part of it may stand" for row in half]
