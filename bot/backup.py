"""`opsbot backup check`: restores a dump beside everything, and verifies it. Nothing of it is migrated or kept."""

import asyncio
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

from bot import embedded
from bot.adapters.postgres import restored
from bot.adapters.postgres.migrate import migrations
from bot.adapters.postgres.restored import DATABASE, RESTORER
from bot.adapters.postgres.verify import faults
from runbooks.folds import folds

_CUSTOM, _PLAIN = b"PGDMP", b"PostgreSQL database dump"
_HEAD = 1000  # bytes in which a plain dump says what it is, and that it ends
_INTO = ("--exit-on-error", "--single-transaction")
_TYPED = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-")
_FAULTS = 20  # that are told


class NoBackup(Exception):
    """The file can't be checked; the text says why."""


@dataclass(frozen=True)
class Checked:
    """What came of it."""

    whole: bool
    said: str


def check(file: Path) -> Checked:
    """Restore and verify. Blocks for as long as that takes. Raises NoBackup, NotReady (no PostgreSQL to be had)."""
    custom = _is_custom(file)
    if not custom and not _ends(file):
        return Checked(whole=False, said=f"{file} is broken: it was cut off before its end.")
    with tempfile.TemporaryDirectory(prefix="opsbot-backup-") as scratch:
        Path(scratch).chmod(0o711)  # where we are root, PostgreSQL's user must be let through
        server = embedded.Server(Path(scratch) / "postgres")
        with server.running():
            broken = _restore(server, file, custom=custom)
            return Checked(whole=False, said=broken) if broken else _verify(server, file)


def _is_custom(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except OSError as cause:
        raise NoBackup(f"{file} can't be read: {cause.strerror}.") from cause
    if not head.startswith(_CUSTOM) and _PLAIN not in head:
        raise NoBackup(f"{file} is no dump: make one with `pg_dump --format=custom`, or with pg_dump's plain format.")
    return head.startswith(_CUSTOM)


def _ends(file: Path) -> bool:
    """Whether a plain dump is there to its last line: psql would take half of it for the whole."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - _HEAD))
        return _PLAIN + b" complete" in opened.read()


def _restore(server: embedded.Server, file: Path, *, custom: bool) -> str:
    """Why it could not be restored, as a sentence; "" where it was."""
    restored.make_room(server.url(embedded.OWNER))
    url = server.url(RESTORER, DATABASE)
    if custom:
        with file.open("rb") as dump:
            done = server.run("pg_restore", *_INTO, "--no-owner", "--no-privileges", f"--dbname={url}", stdin=dump)
    else:
        with _restricted(file) as dump:
            done = server.run("psql", *_TYPED, f"--dbname={url}", stdin=dump)
    if done.returncode == 0:
        return ""
    return f"{file} is broken: it can't be restored. PostgreSQL says: {_told(done.stderr)}"


@contextmanager
def _restricted(file: Path) -> Iterator[BinaryIO]:
    """The dump, with psql kept to SQL by a word that only we know: a dump's own lines could run programs."""
    ours = f"\\restrict {secrets.token_hex(16)}\n".encode()
    with file.open("rb") as dump, tempfile.TemporaryFile() as kept:
        kept.write(ours)
        kept.writelines(restored.readable(dump))
        kept.seek(0)
        yield kept


def _verify(server: embedded.Server, file: Path) -> Checked:
    url = server.url(RESTORER, DATABASE)
    found = restored.contents(url)
    if found is None:
        return Checked(whole=False, said=f"{file} is no dump of Opsbot's database: it has no events and no streams.")
    stands, ours = restored.applied(url), [(each.number, each.name) for each in migrations()]
    if newer := [name for number, name in stands if number > len(ours)]:
        said = f"{file} was made by a newer Opsbot ({', '.join(newer)}): check it with that version."
        return Checked(whole=False, said=said)
    wrong = asyncio.run(faults(url, folds()))
    lines = [_held(file, found), *_schema(stands, ours)]
    if not wrong:
        return Checked(
            whole=True, said="\n".join([*lines, "Every chain is whole, and every state is what its events make."])
        )
    more = [f"… and {len(wrong) - _FAULTS} more."] if len(wrong) > _FAULTS else []
    return Checked(whole=False, said="\n".join([*lines, "It is not whole:", *wrong[:_FAULTS], *more]))


def _held(file: Path, found: restored.Contents) -> str:
    rooms = ", ".join(f"{room} {count:,}" for room, count in found.streams.items())
    newest = f"; the newest is of {found.newest.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if found.newest else ""
    return f"{file} holds {found.events:,} events in {sum(found.streams.values()):,} streams ({rooms}){newest}."


def _schema(stands: list[tuple[int, str]], ours: list[tuple[int, str]]) -> list[str]:
    lacking = [name for number, name in ours if number not in dict(stands)]
    return [f"After a restore `opsbot migrate` will apply {', '.join(lacking)}."] if lacking else []


def _told(words: str) -> str:
    """PostgreSQL's first complaint, without the program's name."""
    lines = [line for line in words.splitlines() if "error" in line.lower()] or words.splitlines() or ["nothing"]
    return lines[0].strip()[-300:]
