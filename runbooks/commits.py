"""What lies between two commits of a source: how many, by whom, and which came last. A leaf."""

from dataclasses import dataclass

SHOWN = 3  # commits that are named


@dataclass(frozen=True)
class Commit:
    """One commit, as its author told git: text from outside."""

    short: str  # its first seven digits
    author: str
    subject: str  # its message's first line


@dataclass(frozen=True)
class Commits:
    """What lies between two commits: how many come, how many go (`back`), and who wrote those that come."""

    count: int
    authors: tuple[str, ...] = ()  # each once, most commits first; names as their authors wrote them
    back: int = 0
    latest: tuple[Commit, ...] = ()  # of those that come, newest first, SHOWN at most
    base: str = ""  # the commit since which they count, in full; "" in plans of older releases
