"""How a rollback ended, for those that waited for it: the run that failed, the runs it stopped, their findings.

A leaf, as the vocabulary is.
"""

from dataclasses import dataclass
from datetime import datetime

from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class WayBack:
    """The end of a rollback; `status` is its own ("succeeded", "failed", "aborted" and so on)."""

    run: str
    version: str  # where it went back to
    status: str
    stands: bool  # the environment is back on `version`; what was left only waited for people
    by: Actor | None
    at: datetime | None
    changed: bool = True  # whether it had begun to change anything
    successor: str = ""  # the rollback that took its place

    @property
    def given_up(self) -> bool:
        """Whether people ended it before it was done, and nothing goes on by itself."""
        return not self.stands and self.status in ("aborted", "rejected", "expired")
