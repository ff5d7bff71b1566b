"""The source repository: what a version is, and the files it brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from runbooks.commits import Commits
from runbooks.vocabulary import PlanningFailed


class Kind(StrEnum):
    """What a version turned out to be."""

    TAG = "tag"
    BRANCH = "branch"
    COMMIT = "commit"


@dataclass(frozen=True)
class Found:
    """A version, found: its full commit, and the name people read (tag, branch, or seven digits)."""

    commit: str
    name: str
    kind: Kind


@dataclass(frozen=True)
class Author:
    """Who wrote commits, as they told git: text from outside."""

    name: str
    email: str


class UnknownVersion(PlanningFailed):
    """The source has no such version, or several: `nearest` are the ones that may have been meant."""

    def __init__(self, sentence: str, *, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.nearest = nearest


class Source(Protocol):
    """Where versions, commits and migrations come from. Every method may raise Unreachable.

    No sentence of its exceptions tells a repository's location, which may be secret.
    """

    async def resolve(self, repository: str, version: str) -> Found:
        """A tag, a branch's head as it is now, or a commit in full or by seven digits or more.

        Raises UnknownVersion.
        """
        ...

    async def newest(self, repository: str, most: int) -> Sequence[str]:
        """So many versions at most: tags, then branches, newest first."""
        ...

    async def between(self, repository: str, base: str, head: str) -> Commits | None:
        """What lies between two commits, given in full; None where one of them is gone."""
        ...

    async def authors(self, repository: str, base: str, head: str) -> tuple[Author, ...]:
        """Who wrote what lies between, each once, most commits first; empty where one of the two is gone."""
        ...

    async def files(self, repository: str, commit: str, folder: str) -> dict[str, str]:
        """The texts of the files right in a folder, by name; empty where the commit has no such folder.

        What is not UTF-8 has U+FFFD in its place. Raises UnknownVersion where the commit is gone.
        """
        ...
