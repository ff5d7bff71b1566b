"""Writes the last known good to its file, whole or not at all: a reader never sees half of it."""

import os
import tempfile
from pathlib import Path

from runbooks.releases.lkg_file import lkg_json
from runbooks.vocabulary import KnownGood


def write_lkg(path: Path, known: KnownGood) -> None:
    """Replace the file, durably; its folder is made where it is missing. Blocking: not on an event loop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(lkg_json(known))
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
