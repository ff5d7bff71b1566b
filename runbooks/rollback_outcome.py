"""How a rollback ended, for those that waited for it: the run that failed, the runs it stopped, their findings.

Where people were to go back and deployed instead, that deploy is the end of it too.

A leaf, as the vocabulary is.
"""

from dataclasses import dataclass
from datetime import datetime

from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class WayBack:
    """The end of a rollback, or of the deploy that came instead.

    `status` is the run's own: "succeeded", "failed", "aborted" and so on.
    """

    run: str
    version: str  # what it brought
    status: str
    stands: bool  # the environment is back on `version`; what was left only waited for people
    by: Actor | None
    at: datetime | None
    changed: bool = True  # whether it had begun to change anything
    command: str = "rollback"
    successor: str = ""  # the rollback that took its place

    def tells_more_than(self, before: "WayBack | None") -> bool:
        """Whether this end is another than the one that was told before."""
        return before is None or self._told != before._told

    @property
    def _told(self) -> tuple[str, str, bool, str]:
        return self.run, self.status, self.stands, self.successor

    @property
    def given_up(self) -> bool:
        """Whether people ended it before it was done, and nothing goes on by itself."""
        return not self.stands and self.status in ("aborted", "rejected", "expired")


@dataclass(frozen=True)
class Released:
    """Who let deploys go on after a rollback, and why; or which rollback holds them instead."""

    by: Actor
    at: datetime
    reason: str = ""
    successor: str = ""
