"""The source repositories: what a version is, and the files of a commit, read from mirrors in the state folder."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from bot.adapters.source.mirror import GitFailed, Mirror
from runbooks.steps.source import Found, Kind, UnknownVersion
from runbooks.vocabulary import Unreachable

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")
_DIGITS = re.compile(r"[0-9a-f]{7,40}")
_FULL = 40  # digits of a whole commit
_FILE_MODES = (b"100644", b"100755")


class GitSource:
    """Mirrors below `folder`, which one process uses at a time; `environment` is the process's, filtered here."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str], fetch_seconds: float = 120.0) -> None:
        self._folder = folder
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
            if len(digits) == _FULL and await _is_known(mirror, digits) and await _is_reachable(mirror, digits):
                return Found(digits, digits[:7], Kind.COMMIT)
            await mirror.fetch()
            return await _named(mirror, version) or await _commit(mirror, version)

    async def files(self, repository: str, commit: str, folder: str) -> dict[str, str]:
        """The texts of the files right in a folder, by name; {} where there is no such folder.

        Raises UnknownVersion where the commit (full) is gone, Unreachable.
        """
        async with self._mirror(repository) as mirror:
            if not await _is_known(mirror, commit):
                await mirror.fetch()
            if not await _is_known(mirror, commit):
                raise UnknownVersion(f"The commit {commit[:7]} is not in {mirror.name} any more.")
            return await _read(mirror, commit, folder)

    @asynccontextmanager
    async def _mirror(self, repository: str) -> AsyncIterator[Mirror]:
        name = f"{sha256(repository.encode()).hexdigest()[:16]}.git"
        mirror = self._mirrors.get(repository) or Mirror(
            self._folder / name, repository, environment=self._environment, fetch_seconds=self._fetch_seconds
        )
        self._mirrors[repository] = mirror
        async with mirror.lock:
            try:
                yield mirror
            except GitFailed as cause:
                raise Unreachable(f"the mirror of {mirror.name}", str(cause)) from cause


async def _named(mirror: Mirror, version: str) -> Found | None:
    """A tag, else a branch, of that name."""
    if not _NAME.fullmatch(version):
        return None
    for kind, place in ((Kind.TAG, "refs/tags"), (Kind.BRANCH, "refs/heads")):
        if commit := await _parsed(mirror, f"{place}/{version}^{{commit}}"):
            return Found(commit, version, kind)
    return None


async def _commit(mirror: Mirror, version: str) -> Found:
    """A commit by its first digits, if a branch or tag still has it. Raises UnknownVersion."""
    digits = version.lower()
    known = await _beginning_with(mirror, digits) if _DIGITS.fullmatch(digits) else []
    found = [commit for commit in known if await _is_reachable(mirror, commit)]
    if len(found) > 1:
        some = ", ".join(commit[:12] for commit in found[:3])
        sentence = f"{version} is the beginning of {len(found)} commits: {some}. Give more digits."
        raise UnknownVersion(sentence, nearest=tuple(found[:3]))
    if not found:
        raise await _unknown(mirror, version)
    return Found(found[0], found[0][:7], Kind.COMMIT)


async def _beginning_with(mirror: Mirror, digits: str) -> list[str]:
    objects = await mirror.git("rev-parse", f"--disambiguate={digits}")
    types = await mirror.git("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=objects)
    lines = [line.split() for line in types.decode().splitlines()]
    return sorted(line[1] for line in lines if line[0] == "commit")


async def _is_known(mirror: Mirror, commit: str) -> bool:
    """Whether the mirror has this commit, given in full."""
    whole = len(commit) == _FULL and _DIGITS.fullmatch(commit) is not None and mirror.exists
    return whole and bool(await _parsed(mirror, f"{commit}^{{commit}}"))


async def _is_reachable(mirror: Mirror, commit: str) -> bool:
    """Whether a branch or tag has it: what was taken back out of the source is no version of it."""
    return bool(await mirror.git("for-each-ref", "--contains", commit, "--count=1", "refs/heads", "refs/tags"))


async def _parsed(mirror: Mirror, name: str) -> str:
    """The commit that a full name stands for; "" where there is none."""
    try:
        return (await mirror.git("rev-parse", "--verify", "--quiet", name)).decode().strip()
    except GitFailed:
        return ""


async def _unknown(mirror: Mirror, version: str) -> UnknownVersion:
    names = await mirror.git("for-each-ref", "--format=%(refname:lstrip=2)", "--sort=-creatordate", "refs")
    known = list(dict.fromkeys(names.decode(errors="replace").split()))
    close = get_close_matches(version, known, n=3)
    newest = ", ".join(known[:3])
    hint = f"Did you mean {' or '.join(close)}?" if close else f"The newest are {newest}." if newest else ""
    missing = f"There is no version “{version[:80]}” in {mirror.name}: no tag, branch or commit is called that."
    return UnknownVersion(f"{missing} {hint}".strip(), nearest=tuple(close or known[:3]))


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
