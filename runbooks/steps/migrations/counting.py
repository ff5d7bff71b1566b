"""How much a script would take away, as counted just before somebody agrees to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from runbooks.steps.base import Site
from runbooks.steps.migrations.losses import Loss
from runbooks.vocabulary import Unreachable, within

LIMIT = 1_000_000
"""Rows that are counted one by one; a table with more is said to have more."""


@dataclass(frozen=True)
class Place:
    """A table, or one column of it, as a script names it."""

    table: tuple[str, ...]
    column: str = ""


@dataclass(frozen=True)
class Counted:
    """Rows of a table; `holding`: those of them in which the column holds a value. `more`: than were counted."""

    rows: int
    holding: int = 0
    more: bool = False


@dataclass(frozen=True)
class NotCounted:
    """Why nobody knows, as a clause: "it took too long"."""

    why: str


Counts = Mapping[Place, Counted | NotCounted]


class Counter(Protocol):
    """A service's database, asked how much stands there."""

    async def count(self, site: Site, places: Sequence[Place]) -> Counts:
        """How many rows each has now. Raises Unreachable."""
        ...


async def counts_of(database: Counter, site: Site, losses: Sequence[Loss]) -> Counts:
    """How much these would take away now; of a database that does not answer that it is not counted."""
    wanted = places(losses)
    try:
        return await database.count(site, wanted) if wanted else {}
    except Unreachable as cause:
        return dict.fromkeys(wanted, NotCounted(within(str(cause))))


def places(losses: Sequence[Loss]) -> tuple[Place, ...]:
    """What is to be counted, each once."""
    return tuple(dict.fromkeys(Place(loss.table, loss.column) for loss in losses if loss.table))


def told(loss: Loss, counts: Counts) -> str:
    """The loss with what is known of how much it is: "drops table tenant_flags: 87 rows"."""
    if not loss.table:
        return f"{loss.what}: how much that takes away is not known"
    match counts.get(Place(loss.table, loss.column)):
        case Counted() as found if loss.column:
            return f"{loss.what}: {_holding(found)} of {_rows(found)} {_hold(found)} a value"
        case Counted() as found:
            return f"{loss.what}: {_rows(found)}"
        case NotCounted(why):
            return f"{loss.what}: not counted, since {why}"
        case _:
            return f"{loss.what}: not counted"


def _rows(found: Counted) -> str:
    count = f"{found.rows:,} row" + ("" if found.rows == 1 else "s")
    return f"more than {count}" if found.more else count if found.rows else "no rows"


def _holding(found: Counted) -> str:
    return f"at least {found.holding:,}" if found.more else f"{found.holding:,}" if found.holding else "none"


def _hold(found: Counted) -> str:
    return "holds" if found.holding in (0, 1) else "hold"
