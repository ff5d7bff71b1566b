"""The points that a process passes: counted by name, written down, and one of them the last that it sees."""

import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_NUMBERED = re.compile(r"\b([A-Z])-\d+")  # D-7, R-7, I-7: another number in each play
_DIGEST = re.compile(r"/[0-9a-f]{12,}\b|/[\d.]+\.[0-9a-f]{12,}\b")
_THROUGH = "through "


class Points:
    """Names of points are the same in every play; how often one was met before is part of it: `before X (2)`."""

    def __init__(self, file: Path, *, last: str = "") -> None:
        self._file = file
        self._last = last
        self._met: Counter[str] = Counter()

    @asynccontextmanager
    async def around(self, what: str) -> AsyncIterator[None]:
        """One before it, and one after it unless it failed."""
        self.reach(f"before {what}")
        yield
        self.reach(f"after {what}")

    def reach(self, name: str, *, once: bool = False) -> None:
        """It is reached; with `once` every later time is the same as the first."""
        name = plain(name)
        self._met[name] += 1
        if once and self._met[name] > 1:
            return
        point = f"{name} ({self._met[name]})"
        self._write(point)
        if point == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def through(self, door: str) -> None:
        """Write down, once, that this effect was seen: by it an inventory of effects knows what was played."""
        if not self._met[f"{_THROUGH}{door}"]:
            self._met[f"{_THROUGH}{door}"] += 1
            self._write(f"{_THROUGH}{door}")

    def _write(self, line: str) -> None:
        with self._file.open("a") as file:
            file.write(f"{line}\n")


def plain(name: str) -> str:
    """Without the numbers of runs, findings and incidents, without digests and the names of gestures."""
    return " ".join(_DIGEST.sub("", _NUMBERED.sub(r"\1", name)).split())


def passed(file: Path) -> list[str]:
    """The points that a process wrote down, in their order."""
    return [line for line in file.read_text().splitlines() if not line.startswith(_THROUGH)]


def seen_through(file: Path) -> set[str]:
    """The effects that it wrote down."""
    return {line.removeprefix(_THROUGH) for line in file.read_text().splitlines() if line.startswith(_THROUGH)}
