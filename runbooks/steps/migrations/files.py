"""A folder of numbered SQL files, read as an ordered chain of migrations with their ways back. Pure."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

_UP = re.compile(r"(?P<digits>[0-9]+)_(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)\.sql")
_BACK = re.compile(r"(?P<digits>[0-9]+)_(rollback|(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)\.rollback)\.sql")
_RIGHT = "A migration is NNN_name.sql, its way back NNN_rollback.sql or NNN_name.rollback.sql"


@dataclass(frozen=True)
class Migration:
    """One numbered file and, where there is one, the script that takes it back."""

    name: str  # 024_tenant_flags.sql
    text: str
    rollback: str = ""  # 024_rollback.sql; "" where there is none
    rollback_text: str = ""

    @property
    def number(self) -> int:
        """What orders it."""
        return number_of(self.name)

    @property
    def digits(self) -> str:
        """Its number as written: "024"."""
        return digits_of(self.name)

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hex."""
        return checksum(self.text)

    @property
    def rollback_checksum(self) -> str:
        """SHA-256 of the way back, hex; "" where there is none."""
        return checksum(self.rollback_text) if self.rollback else ""


class ChainBroken(Exception):
    """The folder is no chain: `faults` are sentences, in the order of the files."""

    def __init__(self, faults: Collection[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


def checksum(text: str) -> str:
    """SHA-256 of a file's text, hex."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def digits_of(name: str) -> str:
    """The leading digits of a migration's name."""
    return name.partition("_")[0]


def number_of(name: str) -> int:
    """The number a migration's name begins with; 0 of the empty name."""
    return int(digits_of(name) or 0)


def stem(name: str) -> str:
    """A migration as people and records name it: without its suffix."""
    return name.removesuffix(".sql")


def chain(files: Mapping[str, str]) -> tuple[Migration, ...]:
    """The migrations of a folder, in order; files that are not SQL are passed over. Raises ChainBroken."""
    scripts = sorted(name for name in files if name.endswith(".sql"))
    backs = [name for name in scripts if _BACK.fullmatch(name)]
    ups = [name for name in scripts if name not in backs and _UP.fullmatch(name)]
    ups.sort(key=number_of)
    bad = sorted(set(scripts) - {*backs, *ups})
    faults = [f"{name} is no name for a migration. {_RIGHT}." for name in bad]
    faults += [*_duplicates(ups), *_gaps(ups), *_strays(ups, backs)]
    if faults:
        raise ChainBroken(faults)
    return tuple(_migration(name, backs, files) for name in ups)


def _migration(name: str, backs: Iterable[str], files: Mapping[str, str]) -> Migration:
    back = next((b for b in backs if _belongs(b, name)), "")
    return Migration(name, files[name], back, files.get(back, ""))


def _belongs(back: str, up: str) -> bool:
    """Whether a way back is this migration's: by number, and by name where it has one."""
    found = _BACK.fullmatch(back)
    named = found["name"] if found else None
    return number_of(back) == number_of(up) and named in (None, stem(up).partition("_")[2])


def _duplicates(ups: list[str]) -> Iterable[str]:
    for _, same in groupby(ups, key=number_of):
        first, *others = same
        for other in others:
            yield f"{first} and {other} have the same number. Give one of them a number of its own."


def _gaps(ups: list[str]) -> Iterable[str]:
    for before, after in pairwise(ups):
        missing = number_of(before) + 1
        if number_of(after) > missing:
            digits = str(missing).zfill(len(digits_of(before)))
            yield f"Between {before} and {after} there is no {digits}. Numbers follow each other without gaps."


def _strays(ups: list[str], backs: list[str]) -> Iterable[str]:
    for back in backs:
        if not any(_belongs(back, up) for up in ups):
            yield f"{back} takes back a migration that is not there. {_RIGHT}."
    for up in ups:
        mine = [b for b in backs if _belongs(b, up)]
        if len(mine) > 1:
            yield f"{up} has several ways back: {' and '.join(mine)}. Keep one."
