"""`migrations.rollback`: offers the down-scripts of what was applied since the release that is gone back to.

The schema is left as it is unless a person who has seen the scripts says otherwise.
"""

from collections.abc import Sequence

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.migrations.database import DatabaseUnfit, Row, ServiceDatabase, State
from runbooks.steps.migrations.downs import CONSENT, Downs, NoWayBack, fetch, newer
from runbooks.steps.migrations.goals import Wanted, abandon, answered, settle
from runbooks.steps.migrations.run import Journey
from runbooks.steps.migrations.staying import has_schema
from runbooks.steps.source import Source
from runbooks.vocabulary import (
    Choice,
    Cut,
    Done,
    Failed,
    Json,
    Means,
    NotDone,
    Outcome,
    PlanningFailed,
    Unreachable,
    Waiting,
)

_ON = "a decision about the schema"
_LEAVE = Choice("leave", "Leave the schema as it is")


class MigrationsRollback(Step):
    """Asks what becomes of the newer migrations; runs their down-scripts, newest first, where a person says so."""

    uses = "migrations.rollback"
    changes = True
    touches = frozenset({"database"})
    cut = Cut.RECONCILES
    finding = "rollback-failed"

    def __init__(self, source: Source, database: ServiceDatabase) -> None:
        self._source = source
        self._database = database

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Say what stands above the target; what can't be read now is looked at when its turn comes."""
        if not has_schema(site):
            return Resolved({"files": []})
        try:
            rows = newer(await self._database.rows(site), site)
        except Unreachable as cause:
            return Resolved({"files": []}, (f"Schema: not known, {cause.what} did not answer; it stays as it is",))
        except DatabaseUnfit as cause:
            raise PlanningFailed(str(cause)) from cause
        files = [{"name": row.name, "checksum": row.checksum, "commit": row.commit} for row in rows]
        return Resolved({"files": files}, (_shown(rows),) if rows else ())

    async def start(self, turn: Turn) -> Outcome:
        """Ask, or run what was agreed to."""
        return await self._go(turn, {})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Go on after a wait or a lost answer."""
        return await self._go(turn, token)

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """Fence, then answer from the ledger; before anybody agreed there is nothing to answer."""
        if not has_schema(turn.site):
            return NotDone()
        found = await settle(self._database, turn, lambda rows: _wanted(rows, turn))
        return found if _agreed(turn) else NotDone()

    async def abandon(self, turn: Turn) -> str:
        """End the database session, and say what it left."""
        if not has_schema(turn.site):
            return ""
        return await abandon(self._database, turn, lambda rows: _wanted(rows, turn))

    async def _go(self, turn: Turn, token: Json) -> Outcome:
        if not has_schema(turn.site):
            return Done("no schema to take back")
        try:
            rows = newer(await self._database.rows(turn.site), turn.site)
        except DatabaseUnfit as cause:
            return Failed(str(cause))
        return await self._decide(turn, rows, token) if rows else Done("no migration was applied since")

    async def _decide(self, turn: Turn, rows: Sequence[Row], token: Json) -> Outcome:
        try:
            downs = await fetch(self._source, turn.site, rows)
        except NoWayBack as cause:
            return Failed(f"{cause} The schema was not changed.") if _agreed(turn) else _without(rows, str(cause))
        except Unreachable as cause:
            again = Choice("look-again", "Look again", Means.AGAIN)
            return _without(rows, f"The rollback scripts can't be read now: {cause}.", again)
        if answered(turn.choice) or turn.choice == downs.consent:
            return await Journey(turn, downs.scripts, token).go(self._database)
        return _question(rows, downs)


def _agreed(turn: Turn) -> bool:
    """Whether a person agreed to down-scripts; a doubt arises only after that."""
    return answered(turn.choice) or turn.choice.startswith(CONSENT)


def _wanted(rows: Sequence[Row], turn: Turn) -> tuple[Wanted, ...]:
    found = newer(rows, turn.site)
    return tuple(Wanted(row.number, row.name, row.checksum, State.REVERTED) for row in found)


def _shown(rows: Sequence[Row]) -> str:
    names = ", ".join(row.name for row in reversed(rows))
    stays = "stays" if len(rows) == 1 else "stay"
    return f"Schema: {names} {stays} unless a person decides otherwise"


def _question(rows: Sequence[Row], downs: Downs) -> Waiting:
    run = Choice(downs.consent, downs.label, Means.AGAIN, danger=True)
    return Waiting(on=_ON, choices=(_LEAVE, run), detail=f"{_shown(rows)}.\n\n{downs.told}")


def _without(rows: Sequence[Row], why: str, *more: Choice) -> Waiting:
    return Waiting(on=_ON, choices=(_LEAVE, *more), detail=f"{_shown(rows)}.\n\n{why}")
