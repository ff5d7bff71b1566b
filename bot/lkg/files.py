"""Bundles as files: named by their SHA-256, private, and held against that name when they are read."""

import os
import re
from pathlib import Path

from runbooks.releases.bundle import LARGEST, Bundle, NotABundle, read

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class NoBundle(Exception):
    """What was asked for can't be done with a bundle; the message is a sentence that says why, and what to do."""


def wanted_digest(path: Path, said: str) -> str:
    """The SHA-256 that a file must have: the one that is said, or else the one in its name; "" where neither is.

    Raises NoBundle.
    """
    if said:
        digest = said.lower().removeprefix("sha256:")
        if not _DIGEST.fullmatch(digest):
            raise NoBundle(f"“{said[:80]}” is no SHA-256, which has 64 hex digits.")
        return digest
    found = _DIGEST.search(path.name)
    return found[0] if found else ""


def read_file(path: Path, digest: str) -> Bundle:
    """The bundle in a file, which must have this SHA-256 ("": any). Raises NoBundle."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as cause:
        raise NoBundle(f"{path} can't be read: {cause.strerror}.") from cause
    try:
        bundle = read(data)
    except NotABundle as fault:
        raise NoBundle(f"{path} can't be used. {fault}") from fault
    if digest and bundle.digest != digest:
        raise NoBundle(
            f"{path} can't be used. Its SHA-256 is {bundle.digest}, not {digest}: it was changed since it was "
            "written. Take another copy of it."
        )
    return bundle


def write_file(path: Path, bundle: Bundle) -> bool:
    """Write it so that only its owner reads it; False where the file holds it already. Raises NoBundle."""
    text = bundle.text.encode()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                path.unlink()  # half a bundle is none
                raise
    except FileExistsError as cause:
        if path.is_file() and path.read_bytes() == text:
            return False
        raise NoBundle(f"{path} exists already; nothing was written. Name another file, or move it away.") from cause
    except OSError as cause:
        raise NoBundle(f"{path} can't be written: {cause.strerror}.") from cause
    return True
