"""The table that a run prints: one row per figure, with what it is held against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = ("figure", "Opsbot", "beside it", "ratio", "aim", "held")


@dataclass(frozen=True)
class Row:
    """One figure. `beside`: the peer or floor with its value; `held`: whether the aim is, None: there is none."""

    figure: str
    opsbot: str
    beside: str = ""
    ratio: float | None = None  # Opsbot's value through the other one's
    aim: str = ""
    held: bool | None = None


def table(rows: Iterable[Row]) -> str:
    """Markdown."""
    lines = [HEAD, tuple("---" for _ in HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    held = {None: "", True: "yes", False: "**no**"}[row.held]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio < 10 else f"{row.ratio:.0f}"  # noqa: PLR2004  # digits that tell something
    return row.figure, row.opsbot, row.beside, ratio, row.aim, held


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed. ValueError where there are none."""
    if not values:
        raise ValueError("nothing was measured")
    found = sorted(values)
    return found[min(len(found) - 1, max(0, -int(-share * len(found) // 1) - 1))]


def milliseconds(values: Sequence[float], share: float) -> str:
    """A quantile of seconds."""
    return f"{quantile(values, share) * 1000:.1f} ms"
