"""`migrations.take-back`: takes back what this very run applied, by its down-scripts: how a drill takes it back.

The plan says which scripts those are and what they take away. Whoever approves it agrees to that, so nobody is asked
again. As in a rollback, the line that stands before the pods (`first: true`) acts only where the release before is
known not to run on the new schema.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from runbooks.schema_fit import SchemaFit
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.migrations.database import DatabaseUnfit, Row, State
from runbooks.steps.migrations.downs import NoWayBack, fetch
from runbooks.steps.migrations.files import Migration
from runbooks.steps.migrations.first import FirstParams, fit_of, not_first, standing
from runbooks.steps.migrations.goals import Wanted, abandon, settle
from runbooks.steps.migrations.losses import Class, classify, losses
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.run import Journey
from runbooks.steps.migrations.sql import analyse
from runbooks.vocabulary import Cut, Done, Failed, Json, NotDone, Outcome, PlanningFailed


class MigrationsTakeBack(Step):
    """Runs the down-scripts of what the run applied, newest first."""

    uses = "migrations.take-back"
    params: type[Params] = FirstParams
    changes = True
    touches = frozenset({"database"})
    cut = Cut.RECONCILES
    finding = "drill-failed"

    def __init__(self, planner: MigrationPlanner) -> None:
        self._planner = planner

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """Say which scripts and what they take away; refuse what has no way back."""
        assert isinstance(params, FirstParams)  # noqa: S101  # validated as such
        if site.trip is None:
            raise PlanningFailed("Only a drill takes back what it applied itself. Use `migrations.rollback` here.")
        forward = replace(site, version=site.trip.version, commit=site.trip.commit, target=None)
        planned, _ = await self._planner.plan(forward)
        names = {file.name for file in planned.files}
        pending = [each for each in await self._planner.migrations(forward) if each.name in names] if names else []
        shows = [] if params.first else [_shown(each) for each in reversed(pending)]
        _refuse(list(_one_way(pending)), site.trip.version)
        files = [{"name": each.name, "checksum": each.checksum, "script": each.rollback_checksum} for each in pending]
        return Resolved({"first": params.first, "files": files}, tuple(shows), changes=bool(files))

    async def start(self, turn: Turn) -> Outcome:
        """Run what stands of it."""
        return await self._go(turn, {})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Go on after a wait or a lost answer."""
        return await self._go(turn, token)

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """Fence the database, then answer from the ledger."""
        return await settle(self._planner.database, turn, lambda rows: _wanted(turn, rows))

    async def abandon(self, turn: Turn) -> str:
        """End the database session, and say what it left."""
        if not turn.step.params["files"]:
            return ""
        return await abandon(self._planner.database, turn, lambda rows: _wanted(turn, rows))

    async def _go(self, turn: Turn, token: Json) -> Outcome:
        if not turn.step.params["files"]:
            return Done("no migration to take back")
        try:
            rows = _mine(turn, await self._planner.database.rows(turn.site))
            if (known := _known(turn, rows)) is not None:
                return known
            downs = await fetch(self._planner.source, turn.site, rows)
        except (DatabaseUnfit, NoWayBack) as cause:
            return Failed(f"{cause} The schema was not taken back.")
        return await Journey(turn, downs.scripts, token).go(self._planner.database)


def _mine(turn: Turn, rows: Sequence[Row]) -> tuple[Row, ...]:
    """What this run applied, newest first; what it has taken back already stays among them."""
    names = {file["name"] for file in turn.step.params["files"]}
    found = (row for row in rows if row.name in names and row.run == turn.site.run)
    return tuple(sorted(found, key=lambda row: row.number, reverse=True))


def _wanted(turn: Turn, rows: Sequence[Row]) -> tuple[Wanted, ...]:
    return tuple(Wanted(row.number, row.name, row.checksum, State.REVERTED) for row in _mine(turn, rows))


def _known(turn: Turn, rows: Sequence[Row]) -> Done | None:
    """The end of it where nothing is to be run now."""
    if not rows:
        return Done("no migration was applied")
    if turn.step.params["first"]:
        fit: SchemaFit | None = fit_of(turn.site, rows)
        return None if fit and not fit.runs else Done(not_first(fit, rows, turn.site.version))
    return None if standing(rows) else Done("taken back before the pods")


def _shown(migration: Migration) -> str:
    lost = ", ".join(losses(analyse(migration.rollback, migration.rollback_text))) or "takes no data away"
    return f"{migration.rollback} takes {migration.name} back: {lost}"


def _one_way(pending: Sequence[Migration]) -> Iterator[str]:
    for each in pending:
        sql, back = analyse(each.name, each.text), analyse(each.rollback, each.rollback_text)
        cls, because = classify(sql, back)
        if cls is not Class.REVERSIBLE:
            yield f"{each.name} can't be taken back whole ({cls.value}: {', '.join(because)})."


def _refuse(faults: list[str], version: str) -> None:
    if faults:
        raise PlanningFailed(f"{' '.join(faults)} So {version} is no version for a drill: name another.")
