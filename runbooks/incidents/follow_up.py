"""A follow-up: what is left to find out when the way back is gone, who sees to it, what they found. Pure.

An incident has one at a time; it may outlast the incident, and the finding that it came from.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from runbooks.events import Happened
from runbooks.vocabulary import Actor, Refused


@dataclass(frozen=True)
class FollowUp:
    """It is open until somebody says what was found."""

    text: str
    finding: str  # the one that it came from
    at: datetime
    owner: Actor | None = None
    owned_at: datetime | None = None
    found: str = ""
    found_by: Actor | None = None
    found_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether nobody has said yet what was found."""
        return self.found_by is None


@dataclass(frozen=True)
class FollowUpOpened(Happened):
    """Somebody has to find out."""

    text: str
    finding: str
    kind: Literal["follow-up-opened"] = "follow-up-opened"


@dataclass(frozen=True)
class FollowUpTaken(Happened):
    """A person sees to it from now on, and whoever did before does not."""

    kind: Literal["follow-up-taken"] = "follow-up-taken"


@dataclass(frozen=True)
class FollowUpDone(Happened):
    """A person says what was found."""

    text: str
    kind: Literal["follow-up-done"] = "follow-up-done"


OfFollowUp = FollowUpOpened | FollowUpTaken | FollowUpDone


@dataclass(frozen=True)
class TakeFollowUp:
    """See to it. `instead_of` is who did when the person asked: nobody takes over without knowing from whom."""

    by: Actor
    instead_of: Actor | None = None


@dataclass(frozen=True)
class EndFollowUp:
    """Say what was found."""

    by: Actor
    text: str


def decide(
    follow_up: FollowUp, command: TakeFollowUp | EndFollowUp, now: datetime
) -> list[FollowUpTaken | FollowUpDone]:
    """Taken by one at a time; of one that is open. Raises Refused."""
    match command:
        case EndFollowUp(by, text):
            return [FollowUpDone(by, now, text)]
        case TakeFollowUp(by, instead_of):
            if follow_up.owner == by:
                raise Refused("follow-up-yours", at=follow_up.owned_at)
            if follow_up.owner not in (None, instead_of):
                raise Refused("follow-up-taken", by=follow_up.owner, at=follow_up.owned_at)
            return [FollowUpTaken(by, now)]


def evolve(follow_up: FollowUp | None, event: OfFollowUp) -> FollowUp:
    """The follow-up after the event."""
    if isinstance(event, FollowUpOpened):
        return FollowUp(event.text, event.finding, event.at)
    assert follow_up is not None  # noqa: S101  # nothing is taken or ended before it is opened
    if isinstance(event, FollowUpTaken):
        return replace(follow_up, owner=event.by, owned_at=event.at)
    return replace(follow_up, found=event.text, found_by=event.by, found_at=event.at)
