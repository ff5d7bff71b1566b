"""Wrong things to plant: a checker that never fails shows nothing. `docs/reliability.md` says which are caught."""

from typing import Any

from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes, Lease
from runbooks.vocabulary import Cut
from tests.simulation.world import Plant


class NoFence(PostgresStore):
    """Commits whoever's epoch is void."""

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        await super().commit(changes)


def _cluster_without_policy(world: Any) -> None:
    for each in (world.cluster, *world.databases.values()):
        each.fenced = False


def _slack_forgets(world: Any) -> None:
    world.slack.finds = False


PLANTS = {
    "": Plant(),
    "commit-without-epoch": Plant("commit-without-epoch", store=NoFence),
    "outside-without-epoch": Plant("outside-without-epoch", outside=_cluster_without_policy),
    "interrupted-begun-anew": Plant("interrupted-begun-anew", cut=Cut.IDEMPOTENT),
    "post-without-look-up": Plant("post-without-look-up", outside=_slack_forgets),
}
