"""Run scripts against the service's database, in order and repeatably: what stands is skipped, doubt is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from runbooks.steps.base import Turn
from runbooks.steps.migrations.database import (
    AnswerLost,
    DatabaseUnfit,
    Row,
    Script,
    ScriptFailed,
    ServiceDatabase,
    Session,
    SessionBusy,
    State,
)
from runbooks.steps.migrations.files import digits_of
from runbooks.steps.migrations.goals import WORDS, Wanted, attempt, by_number, done, doubt, evidence
from runbooks.steps.migrations.planning import stands_at
from runbooks.vocabulary import Failed, Json, Outcome, Pending

TRIES = 8
_BACK_OFF = (1, 2, 4, 8, 15)  # seconds; the last one goes on


@dataclass
class Journey:
    """One turn's way through the scripts. `token` is that of the Pending before, if any."""

    turn: Turn
    scripts: Sequence[Script]
    token: Json = field(default_factory=dict)
    at: int = 0  # the number of the migration at work
    file: str = ""  # what is run of it

    @property
    def _wanted(self) -> tuple[Wanted, ...]:
        return tuple(map(Wanted.of, self.scripts))

    async def go(self, database: ServiceDatabase) -> Outcome:
        """Run what is not done yet. Raises Unreachable and Fenced."""
        try:
            async with database.session(self.turn) as session:
                return await self._through(session)
        except SessionBusy as cause:
            return self._again(f"Waiting: {cause}")
        except AnswerLost:
            return self._again("The connection to the database broke; looking what stands")
        except DatabaseUnfit as cause:
            return Failed(str(cause))

    async def _through(self, session: Session) -> Outcome:
        rows = by_number(await session.rows())
        for script in self.scripts:
            self.at, self.file = script.number, script.file
            outcome = await self._one(session, script, rows.get(script.number))
            if outcome is not None:
                return outcome
        return done(self._wanted, await session.rows())

    async def _one(self, session: Session, script: Script, row: Row | None) -> Outcome | None:
        """Bring one script to its goal; an outcome where that ends the turn."""
        if Wanted.of(script).reached(row):
            return None
        if row is not None and row.state is State.APPLIED and script.goal is State.APPLIED:
            return Failed(f"{row.name} was applied meanwhile with another content. {WORDS[script.goal].way_on}")
        if row is not None and not row.state.settled:
            if self.turn.choice == f"reached-{attempt(row)}":
                await session.note(script.number, script.goal)
                return None
            if self.turn.choice != f"run-{attempt(row)}":
                return doubt(row, script.goal)
        try:
            seconds = await session.run(script)
        except ScriptFailed as failure:
            return await self._failed(session, script, failure)
        await self.turn.report(f"{script.file} done in {seconds:.1f} s")
        return None

    async def _failed(self, session: Session, script: Script, failure: ScriptFailed) -> Outcome:
        if failure.waited and not failure.kept and (again := self._next_try()):
            held = f": {failure.holders}" if failure.holders else ""
            return self._pending(f"{script.file} waits for a table in use{held}", again)
        rows = await session.rows()
        where = f" at line {failure.line}" if failure.line else ""
        stand = stands_at(rows)
        stands = f"The database stands at {digits_of(stand)}" if stand else "No migration stands in the database"
        kept = (
            f"a part of {script.file} stands too, since it does not run in one transaction"
            if failure.kept
            else f"nothing of {script.file} was kept"
        )
        held = f" ({failure.holders})" if failure.holders else ""
        return Failed(
            f"{script.file} failed{where}: {failure.error}{held}. {stands}; {kept}. {_way_on(script, failure)}",
            evidence(self._wanted, rows),
        )

    def _again(self, line: str) -> Outcome:
        again = self._next_try()
        if again:
            return self._pending(line, again)
        return Failed(f"{line}. That was tried {TRIES} times. Find out what holds it, then ask for it again.")

    def _next_try(self) -> int:
        """The number of the next try of what is at work; 0 after the last."""
        same = self.token.get("at") == self.at
        tries = int(self.token.get("tries", 1)) + 1 if same else 2
        return tries if tries <= TRIES else 0

    def _pending(self, line: str, tries: int) -> Pending:
        seconds = _BACK_OFF[min(tries - 2, len(_BACK_OFF) - 1)]
        return Pending(
            check_at=self.turn.now + timedelta(seconds=seconds),
            line=f"{line} (try {tries} of {TRIES})",
            token={"tries": tries, "at": self.at},
        )


def _way_on(script: Script, failure: ScriptFailed) -> str:
    """What a person does next."""
    if failure.waited and not failure.kept:
        again = "deploy again" if script.goal is State.APPLIED else "ask for the rollback again"
        return f"Nothing is wrong with the file: wait until the table is free, or end what holds it, then {again}."
    asked = " You will be asked then what stands of it." if failure.kept and script.goal is State.APPLIED else ""
    return f"{WORDS[script.goal].way_on}{asked}"
