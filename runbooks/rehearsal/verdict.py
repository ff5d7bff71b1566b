"""What a rehearsal found, as plain data that is kept as evidence. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Ruling(StrEnum):
    """What is known of one migration's way back."""

    PROVEN = "proven"
    BUT_FOR = "proven-but-for"  # it leads back, but a table was not tried with all its rows, or data is lost
    MISSING = "missing"  # there is no script
    DIFFERS = "differs"  # after the way back the catalogs are not as before
    FAILS = "fails"  # a file fails, also where there are no rows
    ONLY_EMPTY = "only-empty"  # a file fails where there are rows, and only there
    UNTRIED = "untried"  # it could not be tried; why is in `notes`


@dataclass(frozen=True)
class Finding:
    """One object that the way back leaves, loses or changes."""

    fault: str  # of `blame.Fault`
    mark: str  # left, lost, changed
    kind: str  # "index"
    name: str  # "orders_by_day"
    on: str  # "orders"; "" where it stands by itself
    script: str  # which should have handled it
    cause: str  # "024_orders_by_day.sql:3": what brought it about; without a line where no statement names it
    sentence: str
    facts: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of a change: before and after


@dataclass(frozen=True)
class Failure:
    """A file that failed, in which turn, and what the server said."""

    script: str
    line: int  # 0 where none is to blame
    error: str
    turn: str  # "up", "back", "up again", ...
    with_rows: bool
    stands: tuple[str, ...]  # what is left half done, in words
    sentence: str


@dataclass(frozen=True)
class MeasuredLoss:
    """What the way back took from one table's made-up rows."""

    table: str
    rows: int  # how many there were
    gone: int
    columns: Mapping[str, int]  # column -> rows whose value is another
    since: bool  # of rows that only the new schema admits
    sentence: str


@dataclass(frozen=True)
class Untried:
    """One table that the way back was not tried with as it should be."""

    table: str
    why: str  # as a clause; "" where only part of its rows was compared
    sentence: str


@dataclass(frozen=True)
class Judged:
    """One migration and its way back."""

    migration: str
    back: str  # "" where there is no script
    ruling: Ruling
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    losses: tuple[MeasuredLoss, ...] = ()
    untried: tuple[Untried, ...] = ()
    notes: tuple[str, ...] = ()  # what differs and does no harm; that it did not come to this one, and why
    missing: str = ""  # the sentence where there is no script

    @property
    def sentences(self) -> tuple[str, ...]:
        """What people read of it, the gravest first."""
        lost = (each.sentence for each in self.losses)
        untried = (each.sentence for each in self.untried)
        return (*self.wrong, *lost, *untried, *self.notes)

    @property
    def wrong(self) -> tuple[str, ...]:
        """What stops a deploy: what is missing or differs (often why a script fails the second time), what fails."""
        found = (each.sentence for each in self.findings)
        failed = (each.sentence for each in self.failures)
        return tuple(filter(None, (self.missing, *found, *failed)))


@dataclass(frozen=True)
class Verdict:
    """One rehearsal: its migrations in order."""

    migrations: tuple[Judged, ...]

    @property
    def is_proven(self) -> bool:
        """Whether every way back brings schema and data to what they were, tried with rows in every table."""
        return all(each.ruling is Ruling.PROVEN for each in self.migrations)

    @property
    def leads_back(self) -> bool:
        """Whether every way back brings the schema to what it was; of the data it may lose some."""
        return all(each.ruling in (Ruling.PROVEN, Ruling.BUT_FOR) for each in self.migrations)

    def as_json(self) -> dict[str, Any]:
        """For the record: plain dicts, lists and strings."""
        found: dict[str, Any] = _listed(asdict(self))
        return found | {"proven": self.is_proven}


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value
