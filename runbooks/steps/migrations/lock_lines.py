"""What migrations hold locked, in lines for whoever approves them. Pure."""

from collections.abc import Iterator, Sequence

from runbooks.steps.migrations.lock_modes import Mode, Work
from runbooks.steps.migrations.locks import FileLocks, Hold
from runbooks.steps.migrations.relations import Relation, Relations

_STEP = 1024
_UNITS = ("B", "kB", "MB", "GB", "TB")
_WHOLE = 1  # the last of these that is told without a fraction
_TEN = 10
_MILLION = 1_000_000
_MOST_LINES = 6  # of tables, before the rest is counted
_DOING = {
    Work.ROWS: "rows of {} are changed",
    Work.BUILD: "an index is built on {}",
    Work.SCAN: "{} is read through",
    Work.REWRITE: "{} is rewritten",
}
_DOING_IT = {
    Work.ROWS: "its rows are changed",
    Work.BUILD: "an index is built on it",
    Work.SCAN: "it is read through",
    Work.REWRITE: "it is rewritten",
}


def lock_lines(files: Sequence[tuple[str, FileLocks]], facts: Relations, *, large: int) -> Iterator[str]:
    """A line for each table that somebody may have to wait for; what is large and long in use begins with a sign.

    `large` is in bytes. Tables that are small and held for a moment share a line.
    """
    if facts.why_not and any(found.holds for _, found in files):
        yield f"⚠️ Sizes of tables are not known: {facts.why_not}"
    lines = [line for name, found in files for line in _of_file(name if len(files) > 1 else "", found, facts, large)]
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"{len(lines) - _MOST_LINES} lines more about locks"
    for name, found in files:
        yield from (f"What {name} locks is not known in full: it has {why}" for why in found.unknown)


def _of_file(name: str, found: FileLocks, facts: Relations, large: int) -> Iterator[str]:
    told = [hold for hold in found.holds if _matters(hold)]
    small = [hold for hold in told if _is_brief(hold) and _known_small(hold.table, large)]
    prefix = f"{name}: " if name else ""
    for hold in told:
        if hold not in small or len(small) == 1:
            yield _line(prefix, hold, facts, large)
    if len(small) > 1:
        yield f"{prefix}{_together(small)}"


def _matters(hold: Hold) -> bool:
    """Whether anybody can notice it."""
    return bool(hold.mode.blocks or hold.work) and not hold.table.new


def _is_brief(hold: Hold) -> bool:
    return not hold.work


def _known_small(table: Relation, large: int) -> bool:
    return bool(table.kind) and (table.size or 0) < large


def _line(prefix: str, hold: Hold, facts: Relations, large: int) -> str:
    is_large = hold.table.size is not None and hold.table.size >= large
    sign = "⚠️ " if is_large and hold.work and hold.mode.blocks else ""
    size = f"{size_of(hold.table, facts)}, large" if is_large else size_of(hold.table, facts)
    return f"{sign}{prefix}{hold.table.name}: {size}; {_blocks(hold)}"


def _blocks(hold: Hold) -> str:
    """What of others waits, and how long."""
    if hold.mode.blocks:
        return f"blocks {hold.mode.blocks} {_while(hold)}"
    if hold.mode is Mode.ROW_EXCLUSIVE:
        return "its rows are changed; only who changes the same rows waits"
    return f"{_DOING_IT[hold.work]} while reads and writes go on"


def _while(hold: Hold) -> str:
    if not hold.work:
        return "for a moment"
    return f"while {_DOING[hold.work].format(hold.over) if hold.over else _DOING_IT[hold.work]}"


def _together(holds: Sequence[Hold]) -> str:
    """Small tables that are held for a moment."""
    names = ", ".join(dict.fromkeys(hold.table.name for hold in holds))
    blocks = max(holds, key=lambda hold: hold.mode).mode.blocks
    return f"{names}: {_bytes(sum(hold.table.size or 0 for hold in holds))} in all; block {blocks} for a moment"


def size_of(table: Relation, facts: Relations) -> str:
    """Its size on disk and its rows, as far as they are known."""
    if table.kind == "v":
        return "a view"
    if table.kind and table.size is not None:
        return f"{_bytes(table.size)}, {_rows(table.rows)}"
    return "not in the database" if facts.server else "size not known"


def _bytes(size: int) -> str:
    """With PostgreSQL's own units: 1.2 GB."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.{1 if unit > _WHOLE and value < _TEN else 0}f} {_UNITS[unit]}"


def _rows(rows: int | None) -> str:
    if rows is None:
        return "rows never counted"
    if rows >= _MILLION:
        return f"about {rows / _MILLION:,.1f} million rows"
    return f"about {rows:,} row{'s' if rows != 1 else ''}"
