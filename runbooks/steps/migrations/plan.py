"""`migrations.plan`: which migrations a deploy brings, and whether each has its way back. Changes nothing."""

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.migrations.planning import MigrationPlanner, PlannedMigrations
from runbooks.steps.migrations.prospects import Prospect, Prospects
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, PlanningFailed


class MigrationsPlan(Step):
    """Compares the commit's migrations with the ledger, when planning and again when its turn comes."""

    uses = "migrations.plan"
    cut = Cut.IDEMPOTENT

    def __init__(self, planner: MigrationPlanner, prospects: Prospects) -> None:
        self._planner = planner
        self._prospects = prospects

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Plan it, and say what it will lock, how large that is, and what a linter finds."""
        planned, shows = await self._planner.plan(site)
        prospect = await self._prospect(planned, site)
        return Resolved(planned.params, (*shows, *prospect.lines))

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
        evidence: Json = {"files": [f.name for f in now.files], "stands_at": now.stands_at}
        try:
            prospect = await self._prospect(now, turn.site)
        except PlanningFailed as cause:
            return Failed(cause.sentence)
        if prospect.texts:
            evidence["lint"] = list(prospect.texts)
        return Done(f"{len(now.files)} to apply, {_ways_back(now)}" if now.files else "none to apply", evidence)

    async def _prospect(self, planned: PlannedMigrations, site: Site) -> Prospect:
        """What the planned files will meet. Raises PlanningFailed."""
        names = {file.name for file in planned.files}
        pending = [each for each in await self._planner.migrations(site) if each.name in names] if names else []
        return await self._prospects.of(site, pending)


def _ways_back(planned: PlannedMigrations) -> str:
    return "with its way back" if len(planned.files) == 1 else "each with its way back"
