"""`migrations.apply`: applies the commit's pending migrations in order, each with its row in the ledger."""

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.migrations.files import number_of
from runbooks.steps.migrations.goals import Wanted, abandon, settle
from runbooks.steps.migrations.planning import MigrationPlanner, PlannedMigrations
from runbooks.steps.migrations.run import Journey
from runbooks.vocabulary import Cut, Done, Failed, Json, NotDone, Outcome, PlanningFailed


class MigrationsApply(Step):
    """Applies what was planned, and nothing else; what is applied already is passed over."""

    uses = "migrations.apply"
    changes = True
    touches = frozenset({"database"})
    cut = Cut.RECONCILES
    finding = "deploy-failed"

    def __init__(self, planner: MigrationPlanner) -> None:
        self._planner = planner

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Plan it; with nothing to apply it changes nothing."""
        planned, shows = await self._planner.plan(site)
        return Resolved(planned.params, shows, changes=bool(planned.files))

    async def start(self, turn: Turn) -> Outcome:
        """Apply what is not applied yet; Pending while somebody holds the lock it needs."""
        return await self._go(turn, {})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Go on after a wait or a lost answer."""
        return await self._go(turn, token)

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """Fence the database, then answer from the ledger."""
        return await settle(self._planner.database, turn, lambda _rows: _wanted(turn))

    async def abandon(self, turn: Turn) -> str:
        """End the database session, and say what it left."""
        if not _wanted(turn):
            return ""
        return await abandon(self._planner.database, turn, lambda _rows: _wanted(turn))

    async def _go(self, turn: Turn, token: Json) -> Outcome:
        planned = PlannedMigrations.of(turn.step.params)
        if not planned.files:
            return Done("none to apply", {"applied": [], "stands_at": planned.stands_at})
        try:
            scripts = await self._planner.scripts(turn.site, planned)
        except PlanningFailed as cause:
            return Failed(cause.sentence)
        return await Journey(turn, scripts, token).go(self._planner.database)


def _wanted(turn: Turn) -> tuple[Wanted, ...]:
    files = PlannedMigrations.of(turn.step.params).files
    return tuple(Wanted(number_of(f.name), f.name, f.checksum) for f in files)
