"""What a step's scripts are to reach, and what the ledger says of it: done, not done, or in doubt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from runbooks.steps.base import Turn, Untouched
from runbooks.steps.migrations.database import (
    DatabaseUnfit,
    Row,
    Script,
    ServiceDatabase,
    State,
)
from runbooks.steps.migrations.planning import stands_at
from runbooks.steps.migrations.sql import Kind
from runbooks.vocabulary import Choice, Done, InDoubt, Json, Means, NotDone, Outcome


@dataclass(frozen=True)
class Words:
    """How the outcome is told: "applied" or "taken back", and how a person goes on after a failure."""

    done: str
    way_on: str
    reached: str  # a person's answer to a doubt: the goal is reached
    run: str  # or it is not


WORDS = {
    State.APPLIED: Words(
        done="applied",
        way_on="Mend it and deploy again.",
        reached="It is applied in full: go on",
        run="Nothing of it stands: run it",
    ),
    State.REVERTED: Words(
        done="taken back",
        way_on="Mend the schema by hand, or leave it as it is.",
        reached="Nothing of it stands: go on",
        run="It stands: run its rollback script",
    ),
}


@dataclass(frozen=True)
class Wanted:
    """What one script is to reach, as far as the ledger can tell."""

    number: int
    name: str  # of the migration
    checksum: str  # of the migration
    goal: State = State.APPLIED

    def reached(self, row: Row | None) -> bool:
        """Whether the ledger says that it is reached."""
        if self.goal is State.REVERTED:
            return row is None or row.state is State.REVERTED
        return row is not None and row.state is State.APPLIED and row.checksum == self.checksum

    @classmethod
    def of(cls, script: Script) -> Self:
        """What a script is to reach."""
        return cls(script.number, script.migration, script.checksum, script.goal)


def evidence(wanted: Sequence[Wanted], rows: Sequence[Row]) -> Json:
    """What is kept: which migrations reached their goal, and where the schema stands."""
    ledger = by_number(rows)
    did = [w.name for w in wanted if w.reached(ledger.get(w.number))]
    return {wanted[0].goal.value: did, "stands_at": stands_at(rows)}


def done(wanted: Sequence[Wanted], rows: Sequence[Row]) -> Done:
    """The outcome where every script reached its goal."""
    words = WORDS[wanted[0].goal].done
    line = f"{wanted[0].name} {words}" if len(wanted) == 1 else f"{len(wanted)} migrations {words}"
    return Done(line, evidence(wanted, rows))


Wants = Callable[[Sequence[Row]], Sequence[Wanted]]
"""What is wanted, given the ledger: it must be read after the fence is written."""


async def settle(database: ServiceDatabase, turn: Turn, wants: Wants) -> Outcome | NotDone:
    """After a cut: fence, read the ledger, answer from it."""
    await database.fence(turn.site, turn.epoch)
    rows = await database.rows(turn.site)
    wanted = wants(rows)
    ledger = by_number(rows)
    if all(w.reached(ledger.get(w.number)) for w in wanted):
        return done(wanted, rows) if wanted else NotDone()
    halves = (row for w in wanted if (row := ledger.get(w.number)) and not row.state.settled)
    half = next(halves, None)
    return doubt(half, wanted[0].goal) if half else NotDone()


async def abandon(database: ServiceDatabase, turn: Turn, wants: Wants) -> str:
    """End what a cut-off turn left running, and say what stands of it."""
    try:
        await database.fence(turn.site, turn.epoch)
        rows = await database.rows(turn.site)
    except DatabaseUnfit as cause:
        return f"the schema can't be read: {cause}"
    ledger = by_number(rows)
    found = [_found(w, ledger.get(w.number)) for w in wants(rows)]
    return ", ".join(filter(None, found)) or Untouched("the schema was not changed")


def _found(wanted: Wanted, row: Row | None) -> str:
    if row is not None and not row.state.settled:
        return f"{wanted.name} was cut off half-way"
    moved = row is not None and wanted.reached(row)
    return f"{wanted.name} is {WORDS[wanted.goal].done}" if moved else ""


def doubt(row: Row, goal: State) -> InDoubt:
    """The question about a migration that was left half-way."""
    how = "which commits by itself" if row.kind == Kind.OWN_TRANSACTION else "which runs outside transactions"
    look = (
        "Look which of its transactions were committed."
        if row.kind == Kind.OWN_TRANSACTION
        else "Look whether each of its indexes is there and valid, and each other statement done."
    )
    left = "failed half-way" if row.state is State.FAILED else "was cut off"
    doing = "Taking back " if row.state is State.REVERTING else ""
    words = WORDS[goal]
    return InDoubt(
        question=f"{doing}{row.name}, {how}, {left} in {row.run}, so a part of it may stand. {look}",
        choices=(
            Choice(f"reached-{attempt(row)}", words.reached, Means.AGAIN),
            Choice(f"run-{attempt(row)}", words.run, Means.AGAIN),
            Choice("stop", "Stop here", Means.FAILED),
        ),
    )


def attempt(row: Row) -> str:
    """Names one attempt: an answer about one must not be taken for an answer about the next."""
    return f"{row.number}-{row.started_at.timestamp():.6f}"


def answered(choice: str) -> bool:
    """Whether the choice answers a doubt."""
    return choice.startswith(("reached-", "run-"))


def by_number(rows: Sequence[Row]) -> dict[int, Row]:
    """The ledger's rows by the number of their migration."""
    return {row.number: row for row in rows}
