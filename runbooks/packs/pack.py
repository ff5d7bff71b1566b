"""One audit pack: the report, the events it was made from, and a manifest of all of them, as bytes."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

from runbooks.packs import report, rows
from runbooks.packs.scope import Scope
from runbooks.packs.told import Book

MANIFEST = "MANIFEST"


def files(book: Book) -> dict[str, bytes]:
    """The files by name. The same events and the same names of people make the same bytes."""
    made = {
        "report.html": report.page(book),
        "events.jsonl": rows.json_lines(book.selection),
        "events.csv": rows.table(book.selection),
    }
    return {**made, MANIFEST: _manifest(made)}


def _manifest(made: Mapping[str, bytes]) -> bytes:
    """As `sha256sum --check MANIFEST` reads it."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(made.items())).encode()


def archive(scope: Scope, made: Mapping[str, bytes]) -> bytes:
    """The files as one zip, below a folder of its name; every file dated to the end of the period."""
    written = io.BytesIO()
    at = _zip_date(scope.period.until)
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in made.items():
            entry = zipfile.ZipInfo(f"{name_of(scope)}/{name}", at)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            zipped.writestr(entry, data)
    return written.getvalue()


def name_of(scope: Scope) -> str:
    """What the pack is called: its archive, and the folder in it."""
    parts = ("audit", scope.service, scope.tenant, scope.period.first.isoformat(), scope.period.last.isoformat())
    return "-".join(part for part in parts if part)


def _zip_date(at: datetime) -> tuple[int, int, int, int, int, int]:
    return (max(1980, min(2107, at.year)), at.month, at.day, at.hour, at.minute, at.second)  # what a zip can hold
