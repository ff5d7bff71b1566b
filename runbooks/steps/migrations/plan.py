"""`migrations.plan`: which migrations a deploy brings, and whether each has its way back. Changes nothing."""

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.migrations.planning import MigrationPlanner, PlannedMigrations
from runbooks.vocabulary import Cut, Done, Failed, Outcome, PlanningFailed


class MigrationsPlan(Step):
    """Compares the commit's migrations with the ledger, when planning and again when its turn comes."""

    uses = "migrations.plan"
    cut = Cut.IDEMPOTENT

    def __init__(self, planner: MigrationPlanner) -> None:
        self._planner = planner

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Plan it."""
        planned, shows = await self._planner.plan(site)
        return Resolved(planned.params, shows)

    async def start(self, turn: Turn) -> Outcome:
        """Read the ledger again: it must still say what the plan says."""
        planned = PlannedMigrations.of(turn.step.params)
        try:
            now, _ = await self._planner.plan(turn.site)
        except PlanningFailed as cause:
            return Failed(cause.sentence, finding=cause.finding)
        if now != planned:
            return Failed(
                f"The migrations to apply are no longer those of the plan: the database stands at "
                f"{now.stands_at or 'no migration'} now. Ask for the deploy again."
            )
        evidence = {"files": [f.name for f in now.files], "stands_at": now.stands_at}
        return Done(f"{len(now.files)} to apply, {_ways_back(now)}" if now.files else "none to apply", evidence)


def _ways_back(planned: PlannedMigrations) -> str:
    return "with its way back" if len(planned.files) == 1 else "each with its way back"
