"""The last known good on a branch of a git repository: one commit for each record, pushed and never forced.

With git itself, on a mirror of its own; nothing is checked out.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from bot.adapters.source.mirror import GitFailed, Mirror
from runbooks.releases.lkg_file import NotKept
from runbooks.vocabulary import Unreachable

FRESH = 60.0  # seconds
_TRIES = 5  # each lost race means that somebody else's push won
_NEW = "refs/opsbot/record"  # where a commit stands here before it is pushed


@dataclass(frozen=True)
class Branch:
    """The file on its branch; `repository` may hold a password, `name` is what people call it."""

    repository: str
    branch: str
    path: str
    name: str


@dataclass(frozen=True)
class Record:
    """What is committed; `at` is the commit's time."""

    text: str
    message: str
    at: datetime


class GitRecords:
    """Mirrors below `folder`; `author` is the address to commit under."""

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str],
        author: str,
        fetch_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._author = author
        self._fetch_seconds = fetch_seconds
        self._clock = clock
        self._mirrors: dict[str, Mirror] = {}
        self._seen: dict[str, float] = {}  # when a repository was fetched that needed no push since

    async def write(self, place: Branch, record: Record) -> None:
        """Make the branch's head hold this text; nothing is pushed where it does. Raises NotKept and Unreachable.

        What a repository holds is asked once in FRESH seconds, since hundreds of services may share one.
        """
        mirror = self._mirror(place)
        async with mirror.held():
            try:
                await self._write(mirror, place, record)
            except GitFailed as cause:
                raise Unreachable(f"the copy of {place.name}") from cause

    async def _write(self, mirror: Mirror, place: Branch, record: Record) -> None:
        seen = self._seen.pop(place.repository, None)
        if seen is None or self._clock() - seen >= FRESH:
            seen = self._clock()
            await mirror.fetch()
        for _ in range(_TRIES):
            head = await _head(mirror, place)
            if await _text(mirror, head, place) == record.text.encode():
                self._seen[place.repository] = seen
                return
            await self._commit(mirror, place, record, head)
            try:
                await mirror.git("push", "--quiet", "--", place.repository, f"{_NEW}:refs/heads/{place.branch}")
            except GitFailed as cause:
                await mirror.fetch()  # one that is away is told as such; else somebody pushed meanwhile, or may
                if await _head(mirror, place) == head:
                    raise _refused(place) from cause
            else:
                return
        raise Unreachable(place.name, f"others pushed first, {_TRIES} times")

    async def try_write(self, place: Branch, *, seconds: float) -> None:
        """See that the branch is there and takes a push, without one. Raises NotKept and Unreachable."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp))
        mirror = self._made(folder / "try.git", place)
        try:
            await mirror.fetch()
            head = await _head(mirror, place)
            try:
                refs = f"{head}:refs/heads/{place.branch}"
                await mirror.git("push", "--quiet", "--dry-run", "--", place.repository, refs, seconds=seconds)
            except GitFailed as cause:
                raise _refused(place) from cause
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _commit(self, mirror: Mirror, place: Branch, record: Record, head: str) -> None:
        text, message, seconds = record.text.encode(), record.message.encode(), int(record.at.timestamp())
        lines = [
            f"commit {_NEW}\ncommitter Opsbot <{self._author}> {seconds} +0000\ndata {len(message)}\n".encode(),
            message + b"\n",
            f"from {head}\n".encode(),
            f"M 100644 inline {place.path}\ndata {len(text)}\n".encode(),
            text + b"\n",
        ]
        await mirror.git("fast-import", "--quiet", "--force", stdin=b"".join(lines))

    def _mirror(self, place: Branch) -> Mirror:
        if place.repository not in self._mirrors:
            folder = self._folder / f"record-{sha256(place.repository.encode()).hexdigest()[:16]}.git"
            self._mirrors[place.repository] = self._made(folder, place)
        return self._mirrors[place.repository]

    def _made(self, folder: Path, place: Branch) -> Mirror:
        return Mirror(
            folder,
            place.repository,
            name=place.name,
            environment=self._environment,
            fetch_seconds=self._fetch_seconds,
        )


async def _head(mirror: Mirror, place: Branch) -> str:
    """The branch's commit. Raises NotKept where there is no such branch."""
    ref = f"refs/heads/{place.branch}"
    listed = (await mirror.git("for-each-ref", "--format=%(objectname) %(refname)", ref)).decode().split("\n")
    if found := [line.partition(" ")[0] for line in listed if line.endswith(f" {ref}")]:
        return found[0]
    raise NotKept(f"{place.name} has no branch {place.branch}. Make it, or name another.")


async def _text(mirror: Mirror, head: str, place: Branch) -> bytes | None:
    try:
        return await mirror.git("cat-file", "blob", f"{head}:{place.path}")
    except GitFailed:
        return None  # no such file yet


def _refused(place: Branch) -> NotKept:
    return NotKept(
        f"{place.name} takes no push to {place.branch}. Give Opsbot's credentials the right to push there, or name "
        "another branch."
    )
