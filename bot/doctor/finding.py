"""What a check is, and what it finds."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether what a check looked at is as it must be. What could not be looked at is missing, never fine."""

    OK = "ok"
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
        """Whether it is as it must be."""
        return self.verdict is Verdict.OK


@dataclass(frozen=True)
class Subject:
    """What a check looks at: the part of the system, and what of it."""

    part: str
    check: str

    def ok(self, says: str) -> Finding:
        """It is as it must be."""
        return Finding(self.part, self.check, Verdict.OK, says)

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
