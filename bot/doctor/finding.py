"""What a check is, and what it finds."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether what a check looked at is as it must be. What does not answer is missing, never fine.

    Unseen is what the bot must not or can't look at itself: it is no fault, and `mend` says how a person looks.
    """

    OK = "ok"
    UNSEEN = "unseen"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line of the report. `says` tells what it means, `mend` what to do where it is not fine."""

    part: str
    check: str
    verdict: Verdict
    says: str
    mend: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is known to be wrong with it."""
        return self.verdict in (Verdict.OK, Verdict.UNSEEN)


@dataclass(frozen=True)
class Subject:
    """What a check looks at: the part of the system, and what of it."""

    part: str
    check: str

    def ok(self, says: str) -> Finding:
        """It is as it must be."""
        return Finding(self.part, self.check, Verdict.OK, says)

    def unseen(self, why: str, how: str) -> Finding:
        """It was not looked at, because of that; `how` a person does."""
        return Finding(self.part, self.check, Verdict.UNSEEN, f"not checked, because {why}", how)

    def missing(self, says: str, mend: str) -> Finding:
        """It is not there, or does not answer."""
        return Finding(self.part, self.check, Verdict.MISSING, says, mend)

    def wrong(self, says: str, mend: str) -> Finding:
        """It is there, and is not as it must be."""
        return Finding(self.part, self.check, Verdict.WRONG, says, mend)


Look = Callable[[], Awaitable[Finding]]


@dataclass(frozen=True)
class Check:
    """One question, bounded in time. `mend` is for no answer; `then` is asked only where the finding holds."""

    subject: Subject
    look: Look
    mend: str
    then: "tuple[Check, ...]" = ()

    @property
    def size(self) -> int:
        """How many checks it is, with those that wait for it."""
        return 1 + sum(each.size for each in self.then)


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names)
