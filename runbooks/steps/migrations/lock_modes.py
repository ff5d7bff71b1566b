"""The modes of table locks, and what a statement does while it holds one. Pure.

By "Explicit Locking" (13.3.1, table 13.2: conflicting lock modes) of PostgreSQL's documentation.
"""

from dataclasses import dataclass
from enum import IntEnum

from runbooks.steps.migrations.relations import Relation


class Mode(IntEnum):
    """As PostgreSQL numbers them; whatever is below ROW EXCLUSIVE holds up neither reads nor writes."""

    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @property
    def words(self) -> str:
        """As the documentation writes it: ACCESS EXCLUSIVE."""
        return self.name.replace("_", " ")

    @property
    def blocks(self) -> str:
        """What of others waits: "reads and writes", "writes", or ""."""
        if self is Mode.ACCESS_EXCLUSIVE:
            return "reads and writes"
        return "writes" if self >= Mode.SHARE else ""


class Work(IntEnum):
    """What is done with all of a table, so that it takes the longer the larger it is."""

    NONE = 0
    ROWS = 1  # rows are changed
    BUILD = 2  # an index is built
    SCAN = 3  # every row is read
    REWRITE = 4  # every row is written anew


@dataclass(frozen=True)
class Lock:
    """What one statement takes of one relation."""

    table: Relation
    mode: Mode
    work: Work = Work.NONE
