"""The last known good in a file, whole or not at all: a reader never sees half of it."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from runbooks.releases.lkg_file import NotKept


def write_lkg(path: Path, text: str) -> None:
    """Make the file hold this text, durably; its folder is made where it is missing. Raises NotKept.

    Blocking: not on an event loop.
    """
    try:
        if not _holds(path, text):
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
            _sync_folder(path.parent)
    except OSError as cause:
        raise NotKept(f"{path} can't be written ({cause.strerror}). See to its folder, and to the disk.") from cause


def _holds(path: Path, text: str) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8") == text
    return False


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
