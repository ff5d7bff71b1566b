"""The source repositories: what a version is, and the files of a commit, read from mirrors in the state folder."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from bot.adapters.source.mirror import GitFailed, Mirror
from bot.adapters.source.versions import FULL, by_digits, is_known, is_reachable, named, newest
from runbooks.commits import SHOWN, Commit, Commits
from runbooks.steps.source import Author, Found, Kind, UnknownVersion
from runbooks.vocabulary import Unreachable

_MOST_COMMITS = 2000  # whose authors are read
_FILE_MODES = (b"100644", b"100755")
log = logging.getLogger(__name__)


class GitSource:
    """Mirrors below `folder`; `environment` is the process's, filtered here.

    A repository is an address, or the variable of `environment` that holds one.
    `names` says what people call each repository: its location may be secret, and stands in the log alone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str],
        names: Mapping[str, str] | None = None,
        fetch_seconds: float = 120.0,
    ) -> None:
        self._folder = folder
        self._names = names or {}
        self._environment = environment
        self._fetch_seconds = fetch_seconds
        self._mirrors: dict[str, Mirror] = {}

    async def resolve(self, repository: str, version: str) -> Found:
        """A tag, a branch's head as it is now, or a commit, full or by seven digits or more.

        Tags and branches move, so they are fetched anew; a commit that is known is not. Raises UnknownVersion,
        Unreachable.
        """
        async with self._mirror(repository) as mirror:
            digits = version.lower()
            if len(digits) == FULL and await is_known(mirror, digits) and await is_reachable(mirror, digits):
                return Found(digits, digits[:7], Kind.COMMIT)
            await mirror.fetch()
            return await named(mirror, version) or await by_digits(mirror, version)

    async def between(self, repository: str, base: str, head: str) -> Commits | None:
        """What lies between two commits, given in full; None where one of them is gone. Raises Unreachable."""
        async with self._mirror(repository) as mirror:
            if not await _are_known(mirror, base, head):
                return None
            counts = await mirror.git("rev-list", "--count", "--left-right", f"{base}...{head}", "--")
            back, count = map(int, counts.split())
            authors = Counter(author.name for author in await _wrote(mirror, base, head))
            latest = await _latest(mirror, base, head) if count else ()
            return Commits(count, tuple(name for name, _ in authors.most_common()), back, latest, base)

    async def authors(self, repository: str, base: str, head: str) -> tuple[Author, ...]:
        """Who wrote what lies between, each once, most commits first; empty where one is gone. Raises Unreachable."""
        async with self._mirror(repository) as mirror:
            found = await _wrote(mirror, base, head) if await _are_known(mirror, base, head) else []
            return tuple(author for author, _ in Counter(found).most_common())

    async def newest(self, repository: str, most: int) -> list[str]:
        """The newest tags, then the branches that moved last. Raises Unreachable."""
        async with self._mirror(repository) as mirror:
            await mirror.fetch()
            return (await newest(mirror))[:most]

    async def files(self, repository: str, commit: str, folder: str) -> dict[str, str]:
        """The texts of the files right in a folder, by name; {} where there is no such folder.

        Raises UnknownVersion where the commit (full) is gone, Unreachable.
        """
        async with self._mirror(repository) as mirror:
            if not await is_known(mirror, commit):
                await mirror.fetch()
            if not await is_known(mirror, commit):
                raise UnknownVersion(f"The commit {commit[:7]} is not in {mirror.name} any more.")
            return await _read(mirror, commit, folder)

    async def ask(self, repository: str, *, seconds: float) -> str:
        """The newest commit, "" where there is none, if the source answers in so many seconds. Raises Unreachable."""
        mirror = self._mirror_of(repository)
        try:
            return await mirror.ask(seconds)
        except GitFailed as cause:
            raise Unreachable(mirror.name, str(cause)) from cause

    def _mirror_of(self, repository: str) -> Mirror:
        folder = self._folder / f"{sha256(repository.encode()).hexdigest()[:16]}.git"
        mirror = self._mirrors.get(repository) or Mirror(
            folder,
            self._environment.get(repository, repository),
            name=self._names.get(repository, "the source"),
            environment=self._environment,
            fetch_seconds=self._fetch_seconds,
        )
        self._mirrors[repository] = mirror
        return mirror

    @asynccontextmanager
    async def _mirror(self, repository: str) -> AsyncIterator[Mirror]:
        mirror = self._mirror_of(repository)
        async with mirror.held():
            try:
                yield mirror
            except GitFailed as cause:
                log.warning("the mirror of %s can't be read: %s", mirror.location, cause)
                raise Unreachable(f"the copy of {mirror.name}") from cause


async def _are_known(mirror: Mirror, *commits: str) -> bool:
    return all([await is_known(mirror, commit) for commit in commits])


async def _wrote(mirror: Mirror, base: str, head: str) -> list[Author]:
    """The author of each commit that comes."""
    span = (f"--max-count={_MOST_COMMITS}", f"{base}..{head}")
    listed = await mirror.git("log", "--format=%an%x00%ae", *span, "--")
    found = (entry.decode(errors="replace").partition("\0") for entry in listed.split(b"\n") if entry)
    return [Author(name, email) for name, _, email in found]


async def _latest(mirror: Mirror, base: str, head: str) -> tuple[Commit, ...]:
    """The last of the commits that come, newest first."""
    span = (f"--max-count={SHOWN}", f"{base}..{head}")
    listed = await mirror.git("log", "-z", "--format=%H%x00%an%x00%s", *span, "--")
    parts = listed.decode(errors="replace").split("\0")
    return tuple(
        Commit(digits[:7], name, subject)
        for digits, name, subject in zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    )


async def _read(mirror: Mirror, commit: str, folder: str) -> dict[str, str]:
    inside = folder.strip("/")
    where = () if inside in ("", ".") else ("--", f"{inside}/")
    listing = await mirror.git("ls-tree", "-z", commit, *where)
    objects = dict(_files(listing))
    if not objects:
        return {}
    contents = await mirror.git("cat-file", "--batch", stdin=b"".join(o + b"\n" for o in objects.values()))
    return dict(zip(objects, _texts(contents), strict=True))


def _files(listing: bytes) -> list[tuple[str, bytes]]:
    """Names and objects of a listing's files; folders, links and modules are left out."""
    found = []
    for entry in filter(None, listing.split(b"\0")):
        about, _, path = entry.partition(b"\t")
        mode, _, digits = about.split()
        if mode in _FILE_MODES:
            found.append((path.decode(errors="replace").rpartition("/")[2], digits))
    return found


def _texts(contents: bytes) -> list[str]:
    """The texts in the answer of `git cat-file --batch`: each a line that ends with its size, then as many bytes."""
    found = []
    at = 0
    while at < len(contents):
        start = contents.index(b"\n", at) + 1
        size = int(contents[at:start].split()[2])
        found.append(contents[start : start + size].decode(errors="replace"))
        at = start + size + 1
    return found
