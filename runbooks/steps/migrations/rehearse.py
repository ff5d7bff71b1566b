"""`migrations.rehearse`: every new migration goes up, back and up again on a scratch database with the real schema.

Once empty and once with rows. A way back that does not bring the schema to what it was stops the deploy. A table that
no rows could be put in, and data that does not come back, are named in the plan: an approval covers them, or the
catalogue refuses them.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from runbooks.rehearsal.course import File, Pair, Rehearsals, RehearsalUnfit, rehearse
from runbooks.rehearsal.verdict import Judged, Ruling, Verdict
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.confirm import Confirm
from runbooks.steps.migrations.files import Migration, digits_of
from runbooks.steps.migrations.gaps import Gap, gaps, refused
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.silence import silent
from runbooks.steps.migrations.sql import analyse
from runbooks.steps.output import span
from runbooks.vocabulary import GAPS, Cut, Done, Failed, Json, Outcome, PlanningFailed, Unreachable

FINDING = "way-back-not-proven"
"""The row of the escalation table for a way back that does not lead back."""
_SHOWN = 3  # sentences of what is wrong


class RehearsalServers(Protocol):
    """The rehearsal databases of all places."""

    def of(self, site: Site) -> Rehearsals:
        """That of this site's environment, which names one."""
        ...

    async def lend(self, site: Site, files: Sequence[File]) -> str:
        """Make a scratch database with the real schema and these files on top; the address for a program to use.

        It stands until it is taken back. Raises RehearsalFailed, RehearsalUnfit, Unreachable.
        """
        ...

    async def take_back(self, site: Site) -> None:
        """Drop what was lent to this site's run, if anything was; a later rehearsal drops what can't go now."""
        ...


class MigrationsRehearse(Step):
    """Tries, and changes nothing but a database of its own."""

    uses = "migrations.rehearse"
    cut = Cut.IDEMPOTENT
    finding = FINDING

    def __init__(self, planner: MigrationPlanner, servers: RehearsalServers, clock: Callable[[], datetime]) -> None:
        self._planner = planner
        self._servers = servers
        self._clock = clock

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Which migrations; a person says it where the catalogue names no rehearsal database."""
        planned, _ = await self._planner.plan(site)
        names = [file.name for file in planned.files]
        if names and site.environment.rehearsal is None:
            asked = f"A person says whether the ways back were tried: {site.environment_name} has no `rehearsal`"
            return Resolved(uses=Confirm.uses, shows=(asked,))
        return Resolved({"files": names}, ("ways back rehearsed on a scratch database first",) if names else ())

    async def start(self, turn: Turn) -> Outcome:
        """Rehearse."""
        return await self._go(turn)

    async def check(self, turn: Turn, token: object) -> Outcome:  # noqa: ARG002 # it is the same trial again
        """Rehearse, after the database was silent."""
        return await self._go(turn)

    async def _go(self, turn: Turn) -> Outcome:
        names = turn.step.params["files"]
        if not names:
            return Done("no migration to take back", {"files": []})
        began = self._clock()
        try:
            chain = {each.name: each for each in await self._planner.migrations(turn.site)}
            verdict = await rehearse([_pair(chain[name]) for name in names], self._servers.of(turn.site))
        except (RehearsalUnfit, PlanningFailed) as cause:
            return Failed(str(cause))
        except Unreachable as cause:
            return silent(turn, cause, "the ways back were not tried")
        found = await gaps(verdict, turn.site, self._planner.database) if verdict.leads_back else ()
        return _outcome(verdict, found, turn.site, took=self._clock() - began)


def _pair(migration: Migration) -> Pair:
    back = as_file(migration.rollback, migration.rollback_text) if migration.rollback else None
    return Pair(as_file(migration.name, migration.text), back)


def as_file(name: str, text: str) -> File:
    """One file of a migration, parsed. Raises SqlRefused."""
    return File(name, text, analyse(name, text).statements)


def _outcome(verdict: Verdict, found: tuple[Gap, ...], site: Site, *, took: timedelta) -> Outcome:
    sentences = [gap.sentence for gap in found]
    evidence: Json = {
        "files": [each.migration for each in verdict.migrations],
        "rehearsed": verdict.is_proven,
        "migrations": [_kept(each) for each in verdict.migrations],
        "document": "\n".join([*_told(verdict.migrations), *_left_to_people(sentences)]),
    }
    if not verdict.leads_back:
        return Failed(_why_not(verdict.migrations), evidence, finding=FINDING)
    if why := refused(found, site):
        return Failed(why, evidence, finding=FINDING)
    names = ", ".join(digits_of(each.migration) for each in verdict.migrations)
    how = f"proven but for {_counted(found)}" if found else "empty and with rows"
    return Done(f"{names} up, back, up · {how} · {span(took)}", evidence | ({GAPS: sentences} if found else {}))


def _counted(found: tuple[Gap, ...]) -> str:
    """How many gaps there are: the plan names them, for its approvers."""
    return "1 gap, which the plan names" if len(found) == 1 else f"{len(found)} gaps, which the plan names"


def _left_to_people(sentences: Sequence[str]) -> Iterator[str]:
    if sentences:
        yield "Not proven, or lost; an approval of this plan covers it:"
        yield from (f"  {sentence}" for sentence in sentences)


def _kept(judged: Judged) -> Json:
    """As evidence: small."""
    losses = [
        {"table": each.table, "rows": each.rows, "gone": each.gone, "columns": dict(each.columns)}
        for each in judged.losses
    ]
    return {"name": judged.migration, "ruling": judged.ruling.value, "said": list(judged.sentences), "losses": losses}


def _told(migrations: Sequence[Judged]) -> Iterator[str]:
    """All of it in plain lines, for the thread."""
    yield "Rehearsed on a scratch database with the real schema: up, back, up again; empty, and with rows"
    for each in migrations:
        yield f"{each.migration}: {_RULINGS[each.ruling]}"
        yield from (f"  {sentence}" for sentence in each.sentences)


_RULINGS = {
    Ruling.PROVEN: "its way back leads back",
    Ruling.BUT_FOR: "its way back leads back, but for what follows",
    Ruling.MISSING: "it has no way back",
    Ruling.DIFFERS: "its way back does not lead back",
    Ruling.FAILS: "it fails",
    Ruling.ONLY_EMPTY: "it works on empty tables only",
    Ruling.UNTRIED: "it could not be tried",
}


def _why_not(migrations: Sequence[Judged]) -> str:
    """What is wrong, the first few of it, and what to do."""
    said = [sentence for each in migrations for sentence in _wrong(each)]
    more = f" And {len(said) - _SHOWN} more; the thread has them." if len(said) > _SHOWN else ""
    return f"{' '.join(said[:_SHOWN])}{more} Mend the script, then deploy again."


def _wrong(judged: Judged) -> Iterator[str]:
    if judged.ruling in (Ruling.PROVEN, Ruling.BUT_FOR):
        return
    yield from judged.wrong
    if judged.ruling is Ruling.UNTRIED:
        yield from judged.notes
