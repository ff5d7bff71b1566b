"""The cache folder: what is slow to make and can be made again, kept outside the clone.

Each thing has a folder named for what it is and a key over its recipe, so another recipe makes another folder.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_KEY_LENGTH = 12


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/opsbot`, else `~/.cache/opsbot`; it need not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opsbot"


def recipe_key(*parts: bytes) -> str:
    """A short key that differs when any part of the recipe does."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()[:_KEY_LENGTH]


def cached(folder: Path, make: Callable[[Path], None], *, waiting: Callable[[], None] = lambda: None) -> Path:
    """`folder`, made if it is not there: `make` fills a sibling that gets the name once it is whole.

    Of two processes that want it at once one makes it and the other waits, after a call of `waiting`.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(f".{folder.name}.lock"), waiting):
        if not folder.is_dir():
            new = folder.with_name(f".{folder.name}.new")
            shutil.rmtree(new, ignore_errors=True)  # of a process that was killed
            new.mkdir()
            make(new)
            new.rename(folder)
    return folder


@contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
