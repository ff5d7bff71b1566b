"""The log of one run of a container: a file of lines, each with the time it was written, that can be followed."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LONGEST_LINE = 16 * 1024  # as in the CRI: longer ones are split


@dataclass(frozen=True)
class Wanted:
    """Which part of a log, in the words of `kubectl logs`."""

    tail: int | None = None
    since: datetime | None = None
    timestamps: bool = False
    follow: bool = False


class Log:
    """Written by one process's output, read by any number of followers."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("wb")
        self._rest = b""
        self._ended = False
        self._changed = asyncio.Event()

    def write(self, chunk: bytes) -> None:
        """Add output; lines are stamped as they become whole."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        while len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest[:_LONGEST_LINE])
            self._rest = self._rest[_LONGEST_LINE:]
        self._append(lines)

    def end(self) -> None:
        """No more will come: followers are let go."""
        if not self._ended:
            self._append([self._rest] if self._rest else [])
            self._file.close()
            self._ended = True
            self._wake()

    async def read(self, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        """The lines wanted; when following, those that come until the end."""
        with self._path.open("rb") as file:
            lines = [line for line in file if _wanted(line, wanted)]
            for line in lines if wanted.tail is None else lines[max(0, len(lines) - wanted.tail) :]:
                yield _shown(line, wanted)
            while wanted.follow:
                changed, ended = self._changed, self._ended
                for line in file:
                    yield _shown(line, wanted)
                if ended:
                    return
                await changed.wait()

    def _append(self, lines: list[bytes]) -> None:
        if lines:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
            self._file.writelines(b"%s %s\n" % (now, line) for line in lines)
            self._file.flush()
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _wanted(line: bytes, wanted: Wanted) -> bool:
    return wanted.since is None or datetime.fromisoformat(line.partition(b" ")[0].decode()) >= wanted.since


def _shown(line: bytes, wanted: Wanted) -> bytes:
    return line if wanted.timestamps else line.partition(b" ")[2]
