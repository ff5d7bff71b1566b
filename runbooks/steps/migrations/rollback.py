"""`migrations.rollback`: offers the down-scripts of what was applied since the release that is gone back to.

The schema is left as it is unless a person who has seen the scripts says otherwise; without asking where the release
is known to run on it. Where it is known not to, the line that stands before the pods (`first: true`) takes the schema
back, and asks only about a script that loses data. Such a script is asked about by itself, with what is lost and how
much of it there is; both answers are bound to the texts.
"""

from collections.abc import Sequence

from runbooks.schema_fit import SchemaFit
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.migrations.counting import Counts, counts_of, told
from runbooks.steps.migrations.database import DatabaseUnfit, Row, ServiceDatabase, State
from runbooks.steps.migrations.downs import CONSENT, LOSING, Down, Downs, NoWayBack, fetch, newer
from runbooks.steps.migrations.first import FirstParams, fit_of, known_not_to_run, known_to_run, not_first, standing
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
    params: type[Params] = FirstParams
    changes = True
    touches = frozenset({"database"})
    cut = Cut.RECONCILES
    finding = "rollback-failed"

    def __init__(self, source: Source, database: ServiceDatabase) -> None:
        self._source = source
        self._database = database

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """Say what stands above the target; what can't be read now is looked at when its turn comes."""
        assert isinstance(params, FirstParams)  # noqa: S101  # validated as such
        which = {"first": True} if params.first else {}
        if not has_schema(site):
            return Resolved({**which, "files": []})
        try:
            rows = newer(await self._database.rows(site), site)
        except Unreachable as cause:
            silent = f"Schema: not known, {cause.what} did not answer; it stays as it is"
            return Resolved({**which, "files": []}, () if params.first else (silent,))
        except DatabaseUnfit as cause:
            raise PlanningFailed(str(cause)) from cause
        files = [{"name": row.name, "checksum": row.checksum, "commit": row.commit} for row in rows]
        return Resolved({**which, "files": files}, _shows(rows, fit_of(site, rows), first=params.first))

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
        return found if _agreed(turn) or _is_first(turn) else NotDone()

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
        if not rows:
            return Done("no migration was applied since")
        return _known(turn, rows) or await self._decide(turn, rows, token)

    async def _decide(self, turn: Turn, rows: Sequence[Row], token: Json) -> Outcome:
        try:
            downs = await fetch(self._source, turn.site, rows)
        except NoWayBack as cause:
            return Failed(f"{cause} The schema was not changed.") if _agreed(turn) else _without(rows, str(cause))
        except Unreachable as cause:
            again = Choice("look-again", "Look again", Means.AGAIN)
            return _without(rows, f"The rollback scripts can't be read now: {cause}.", again)
        number = 0 if answered(turn.choice) else downs.asked_next(turn.choice, at_once=_is_first(turn))
        if number is None:
            return _question(rows, downs)
        if number:
            return await self._ask_again(turn, downs, number)
        return await Journey(turn, downs.scripts, token).go(self._database)

    async def _ask_again(self, turn: Turn, downs: Downs, number: int) -> Waiting:
        """Once more, of one script that takes data away: what goes, and how much of it there is now."""
        down = downs.lossy[number - 1]
        counts = await counts_of(self._database, turn.site, down.losses)
        return _second(down, counts, downs.losing(number))


def _known(turn: Turn, rows: Sequence[Row]) -> Done | None:
    """The end of it where it is known what is to be done, and that is nothing."""
    fit = fit_of(turn.site, rows)
    if _is_first(turn):
        return None if fit and not fit.runs else Done(not_first(fit, rows, turn.site.version))
    if not (standing(rows) or _agreed(turn)):
        return Done("taken back before the pods")
    return Done(known_to_run(fit, rows)) if fit and fit.runs and not _agreed(turn) else None


def _is_first(turn: Turn) -> bool:
    return bool(turn.step.params.get("first"))


def _shows(rows: Sequence[Row], fit: SchemaFit | None, *, first: bool) -> tuple[str, ...]:
    if first:
        return (known_not_to_run(fit, rows),) if fit and not fit.runs else ()
    if fit is None:
        return (_shown(rows),) if rows else ()
    return (f"Schema: {known_to_run(fit, rows)}",) if fit.runs else ()


def _agreed(turn: Turn) -> bool:
    """Whether a person agreed to down-scripts; a doubt arises only after that."""
    return answered(turn.choice) or turn.choice.startswith((CONSENT, LOSING))


def _wanted(rows: Sequence[Row], turn: Turn) -> tuple[Wanted, ...]:
    found = newer(rows, turn.site)
    return tuple(Wanted(row.number, row.name, row.checksum, State.REVERTED) for row in found)


def _shown(rows: Sequence[Row]) -> str:
    names = ", ".join(row.name for row in reversed(rows))
    stays = "stays" if len(rows) == 1 else "stay"
    return f"Schema: {names} {stays} unless a person decides otherwise"


def _second(down: Down, counts: Counts, choice: str) -> Waiting:
    file, said = down.script.file, [told(loss, counts) for loss in down.losses]
    run = Choice(choice, f"Take it away: run {file}", Means.AGAIN, danger=True, asks=f"{file} {'; '.join(said)}.")
    lines = "\n".join(f"• {line}" for line in said)
    detail = f"{file} takes data away that no script brings back, as counted just now:\n{lines}\n\n{down.told}"
    return Waiting(on=f"a second word on {file}, which takes data away", choices=(_LEAVE, run), detail=detail)


def _question(rows: Sequence[Row], downs: Downs) -> Waiting:
    lossy = ", ".join(down.script.file for down in downs.lossy)
    asks = f"It runs once you have agreed to what it takes away, which is asked next: {lossy}." if lossy else ""
    run = Choice(downs.consent, downs.label, Means.AGAIN, danger=True, asks=asks)
    return Waiting(on=_ON, choices=(_LEAVE, run), detail=f"{_shown(rows)}.\n\n{downs.told}")


def _without(rows: Sequence[Row], why: str, *more: Choice) -> Waiting:
    return Waiting(on=_ON, choices=(_LEAVE, *more), detail=f"{_shown(rows)}.\n\n{why}")
