"""The service's own database, as the steps that migrate it see it: a ledger, a fence, and a session that writes."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from runbooks.steps.base import Site, Turn
from runbooks.steps.migrations.counting import Counts, Place
from runbooks.steps.migrations.files import Migration
from runbooks.steps.migrations.sql import Sql, Statement

BASELINE = "baseline"


class State(StrEnum):
    """Where a migration stands, as the ledger has it."""

    APPLYING = "applying"  # begun outside a transaction; not known to have ended
    APPLIED = "applied"
    FAILED = "failed"  # ended half-way, outside a transaction: a part of it stands
    REVERTING = "reverting"  # its way back was begun outside a transaction
    REVERTED = "reverted"  # nothing of it stands

    @property
    def settled(self) -> bool:
        """Whether the ledger knows what stands."""
        return self in (State.APPLIED, State.REVERTED)


@dataclass(frozen=True)
class Row:
    """One migration in the ledger."""

    number: int
    name: str  # 024_tenant_flags.sql
    checksum: str
    state: State
    commit: str  # of the release it was taken from
    run: str  # "D-107", or where it was last moved
    kind: str  # how it was run; BASELINE where it stood before the ledger did
    started_at: datetime


@dataclass(frozen=True)
class Script:
    """One file to run, and what its migration is afterwards (`goal`: applied or reverted)."""

    migration: str  # 024_tenant_flags.sql
    number: int
    checksum: str  # of the migration's own text
    commit: str
    file: str  # what is run: the migration, or 024_rollback.sql
    sql: Sql
    goal: State = State.APPLIED


class SessionBusy(Exception):
    """Another session migrates this database now; the message says which."""


class AnswerLost(Exception):
    """The connection broke, so what became of the last statement is not known until the ledger is read again."""


class DatabaseUnfit(Exception):
    """The database can't be migrated as it is set up; the message is a sentence that says what to change."""


class ScriptFailed(Exception):
    """A statement failed. `kept`: a part of the script stands. `waited`: it only did not get its lock in time.

    `at` is the statement, where it was one; `holders` says who has what it waited for, as far as somebody looked.
    """

    holders = ""

    def __init__(
        self, error: str, *, line: int, kept: bool, waited: bool = False, at: Statement | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.line = line  # of the file; 0 where none is to blame
        self.kept = kept
        self.waited = waited
        self.at = at


class Session(Protocol):
    """A connection that alone migrates the database, under one epoch. Methods raise Fenced and AnswerLost."""

    async def rows(self) -> tuple[Row, ...]:
        """The ledger, by number."""
        ...

    async def run(self, script: Script) -> float:
        """Run a script and its ledger row, as its kind asks; the seconds it took.

        Raises ScriptFailed, after which nothing of a plain script stands.
        """
        ...

    async def note(self, number: int, state: State) -> None:
        """Write down what a person found a migration to be."""
        ...


class ServiceDatabase(Protocol):
    """The databases of all services. Methods raise Unreachable, DatabaseUnfit and, where they write, Fenced."""

    async def rows(self, site: Site) -> tuple[Row, ...]:
        """The ledger, by number; empty where nothing was recorded yet. Changes nothing."""
        ...

    async def count(self, site: Site, places: Sequence[Place]) -> Counts:
        """How many rows each has now, within some seconds in all: what can't be counted by then is said so."""
        ...

    def session(self, turn: Turn) -> AbstractAsyncContextManager[Session]:
        """Fence the database with the turn's epoch and open the one session that migrates it.

        Raises SessionBusy.
        """
        ...

    async def fence(self, site: Site, epoch: int) -> None:
        """Write the epoch to the database and end older sessions; nothing older writes there once this returns."""
        ...

    async def baseline(self, site: Site, migrations: Sequence[Migration], epoch: int) -> None:
        """Record migrations that stood before the ledger did. Raises DatabaseUnfit where it says otherwise."""
        ...
