"""The events of a pack as JSON Lines, for machines, and as CSV, for spreadsheets."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from runbooks.packs.scope import Selection
from runbooks.store import Recorded

COLUMNS = ("stream", "event", "kind", "at", "by", "in_period", "data", "previous", "hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of showing it


def json_lines(selection: Selection) -> bytes:
    """One object a line. `data` is the exact text that was hashed, so every hash can be computed again."""
    return "".join(json.dumps(_whole(event), ensure_ascii=False) + "\n" for event in selection.events).encode()


def _whole(event: Recorded) -> dict[str, object]:
    return {
        "stream": event.stream,
        "version": event.version,
        "actor": event.actor,
        "at": event.at.astimezone(UTC).isoformat(),
        "data": event.data,
        "previous": event.previous,
        "hash": event.hash,
    }


def table(selection: Selection) -> bytes:
    """A row for each event; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    period = selection.scope.period
    writer.writerows(harmless(_row(event, in_period=period.has(event.at))) for event in selection.events)
    return written.getvalue().encode()


def _row(event: Recorded, *, in_period: bool) -> Sequence[str]:
    return (
        event.stream,
        str(event.version),
        _kind(event.data),
        _second(event.at),
        event.actor,
        "yes" if in_period else "no",
        event.data,
        event.previous,
        event.hash,
    )


def harmless(cells: Sequence[str]) -> list[str]:
    """The cells, none of them a formula."""
    return [f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell for cell in cells]


def _kind(data: str) -> str:
    try:
        read = json.loads(data)
    except ValueError:
        return ""
    return str(read.get("kind", "")) if isinstance(read, dict) else ""


def _second(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
