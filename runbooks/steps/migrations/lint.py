"""What a linter finds in migrations, as it is shown before anybody approves: a line a rule, and all of it beside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

BY_ITSELF = frozenset(
    {
        "require-lock-timeout",
        "require-statement-timeout",
        "require-timeout-settings",
        "ban-drop-column",
        "ban-drop-database",
        "ban-drop-table",
    }
)
"""Rules that ask for what every migration is run with anyway, or say what its class says already (destructive)."""
_LONGEST = 110  # characters of a message in the plan; the thread has all
_MOST_LINES = 5  # in the plan


@dataclass(frozen=True)
class Flaw:
    """One thing found: where, by which rule, what it means, and what would be better ("" where that is not said)."""

    file: str
    line: int
    rule: str
    message: str
    help: str = ""

    @property
    def full(self) -> str:
        """For the thread."""
        return "\n".join(filter(None, (f"{self.file}:{self.line} {self.rule}", self.message, self.help)))


class NotLinted(Exception):
    """The linter could not do its work; the message is a clause that says why."""


class Linter(Protocol):
    """Reads a migration, and runs nothing of it."""

    async def lint(
        self, file: str, text: str, *, server: str, in_transaction: bool, exclude: Sequence[str]
    ) -> tuple[Flaw, ...]:
        """What it finds, by line. `server` is the version that it will run on, "" where that is not known.

        Raises NotLinted.
        """
        ...


def flaw_lines(flaws: Sequence[Flaw]) -> Iterator[str]:
    """For the plan: each rule once a file, `024_a.sql:3, 7: what it means (rule)`."""
    lines = [
        f"{file}:{', '.join(dict.fromkeys(str(f.line) for f in same))}: {_short(same[0].message)} ({rule})"
        for (file, rule), same in ((key, list(each)) for key, each in groupby(_by_rule(flaws), key=_rule))
    ]
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"Lint: {len(lines) - _MOST_LINES} more, in the thread"


def _rule(flaw: Flaw) -> tuple[str, str]:
    return flaw.file, flaw.rule


def _by_rule(flaws: Sequence[Flaw]) -> list[Flaw]:
    """Those of one rule beside each other, in the order of the first of each."""
    first = {key: at for at, key in reversed(list(enumerate(map(_rule, flaws))))}
    return sorted(flaws, key=lambda flaw: first[_rule(flaw)])


def _short(message: str) -> str:
    """The first sentence, no longer than a line."""
    sentence = " ".join(message.split()).partition(". ")[0].rstrip(".")
    return sentence if len(sentence) <= _LONGEST else sentence[:_LONGEST].rpartition(" ")[0] + " …"
