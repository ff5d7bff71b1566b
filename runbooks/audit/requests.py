"""Requests for audit packs as they stand: what each wants, whether it waits for approvals, what came of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from runbooks.vocabulary import Actor

FILE, SLACK = "file", "Slack"
"""How a pack gets to who asked: into a file on the command line, at once; or by Slack, when its turn comes."""


class End(StrEnum):
    """What came of a request; `OPEN` while nothing did."""

    OPEN = ""
    DELIVERED = "delivered"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Wanted:
    """The approvals that a request needs: so many of this group, by `until`; `people` were asked."""

    group: str
    count: int
    until: datetime
    people: tuple[Actor, ...]


@dataclass(frozen=True)
class Request:
    """One pack that somebody wants; `number` is that of the event that asked."""

    number: int
    by: Actor
    at: datetime
    first: date
    last: date
    way: str = FILE
    wanted: Wanted | None = None
    approved_by: tuple[Actor, ...] = ()
    archive: str = ""  # SHA-256 of what was made for it, hex
    told: int = 0  # events in it
    whole: bool = True  # whether every chain in it holds
    end: End = End.OPEN
    ended_by: Actor | None = None
    ended_at: datetime | None = None
    why: str = ""

    @property
    def lacking(self) -> int:
        """How many approvals it still needs."""
        return self.wanted.count - len(self.approved_by) if self.wanted else 0

    @property
    def waits(self) -> bool:
        """Whether it waits for approvals now."""
        return self.end is End.OPEN and self.lacking > 0


@dataclass(frozen=True)
class Packs:
    """The stream `audit/SERVICE`, or `audit/SERVICE/TENANT` for the packs of one tenant.

    A request is kept while it is open, or while a message in Slack tells what came of it.
    """

    service: str
    tenant: str = ""
    events: int = 0
    requests: tuple[Request, ...] = ()

    def of(self, number: int) -> Request | None:
        """The request of this number, where it is kept."""
        return next((request for request in self.requests if request.number == number), None)


def outstanding(packs: Packs) -> bool:
    """Whether one of them waits, for approvals or to be made."""
    return any(request.end is End.OPEN for request in packs.requests)


def due(packs: Packs) -> datetime | None:
    """When something is to be done for a request: at once where nothing is lacking, else when its time is over."""
    wanted = [
        request.wanted.until if request.lacking and request.wanted else request.at
        for request in packs.requests
        if request.end is End.OPEN and request.way == SLACK
    ]
    return min(wanted, default=None)
