"""What became of a table's rows between two looks at them. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runbooks.rehearsal.scratch import Contents

Values = tuple[str | None, ...]
_PAIRED_AT_MOST = 500  # rows; beyond, those that are not as before count as gone


@dataclass(frozen=True)
class Loss:
    """What the way back took from one table, of the rows that the rehearsal had put there."""

    table: str
    rows: int  # how many there were
    gone: int  # rows that are not there any more
    columns: Mapping[str, int] = field(default_factory=dict)  # column -> rows whose value is another
    since: bool = False  # of rows written after the way forward, as the new schema admits them


@dataclass(frozen=True)
class Extra:
    """Rows that were not there before, and stayed."""

    table: str
    rows: int


def losses(
    before: Mapping[str, Contents], after: Mapping[str, Contents], *, since: bool = False
) -> tuple[list[Loss], list[Extra]]:
    """What is gone or another, table by table; and what is there that was not. Columns are compared by name.

    A table or column that is not there afterwards is a difference of the catalogs: its rows are told here as well.
    Of a table that was looked at in part only that is told which is sure: `in_part` names it.
    """
    lost, extra = [], []
    for table, was in before.items():
        now = after.get(table, Contents((), ()))
        gone, columns, added = _compared(was, now)
        if gone or columns:
            lost.append(Loss(table, len(was.rows), gone, columns, since))
        if added and not since:
            extra.append(Extra(table, added))
    return lost, extra


def in_part(*looks: Mapping[str, Contents]) -> list[str]:
    """The tables that had more rows than were looked at, in any of these looks."""
    return sorted({table for look in looks for table, contents in look.items() if contents.partial})


def written(already: Contents | None, now: Contents) -> Contents:
    """The rows that came since an earlier look."""
    if already is None or already.columns != now.columns:
        return now
    came = (Counter(now.rows) - Counter(already.rows)).elements()
    return Contents(now.columns, tuple(came), now.partial)


def _compared(was: Contents, now: Contents) -> tuple[int, dict[str, int], int]:
    """Rows gone, values changed by column, and rows added; what may stand further on is not counted."""
    if now.partial:
        return 0, {}, 0
    shared = [name for name in was.columns if name in now.columns]
    if not shared:
        return len(was.rows), {}, len(now.rows)
    old, new = Counter(_of(was, shared)), Counter(_of(now, shared))
    missing, added = list((old - new).elements()), list((new - old).elements())
    columns: Counter[str] = Counter()
    gone = 0
    for row in missing:
        twin = _most_alike(row, added) if len(missing) <= _PAIRED_AT_MOST else None
        if twin is None:
            gone += 1
            continue
        added.remove(twin)
        columns.update(name for name, a, b in zip(shared, row, twin, strict=True) if a != b)
    return gone, dict(columns), 0 if was.partial else len(added)


def _of(contents: Contents, names: Sequence[str]) -> Iterator[Values]:
    places = [contents.columns.index(name) for name in names]
    return (tuple(row[place] for place in places) for row in contents.rows)


def _most_alike(row: Values, among: Sequence[Values]) -> Values | None:
    """The row that shares most values with this one; none where it shares no value that says something."""

    def shared(other: Values) -> int:
        return sum(a == b and a is not None for a, b in zip(row, other, strict=True))

    best = max(among, key=shared, default=None)
    return best if best is not None and shared(best) else None
