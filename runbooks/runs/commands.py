"""What can be asked of a run: by people (with the groups they are in now) and by the worker that holds it."""

from dataclasses import dataclass, field

from runbooks.rollback_outcome import WayBack
from runbooks.vocabulary import OPSBOT, Actor, KnownGood, Outcome, Plan, Quorum


@dataclass(frozen=True)
class Request:
    """Start a run. That the person may was decided before."""

    by: Actor
    command: str
    runbook: str
    service: str
    environment: str
    version: str
    targets: frozenset[str]
    quorum: Quorum | None
    approval_seconds: int
    target: KnownGood | None = None
    supersedes: tuple[str, ...] = ()
    because: str = ""
    concerns: Actor | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    incident: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adopt:
    """Take this plan; made first, or made again before it runs."""

    plan: Plan
    provisional: bool = False
    by: Actor = OPSBOT


@dataclass(frozen=True)
class PlanFailed:
    """The plan can't be made; the run ends with this sentence."""

    sentence: str
    finding: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Begin:
    """State the intent of a step. `members`: who is in the approvers' group now."""

    step: str
    epoch: int
    members: frozenset[Actor] = frozenset()
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Progress:
    """Keep a line of progress of the step at work. `silent`: it says no more than that this does not answer."""

    step: str
    epoch: int
    line: str
    silent: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Record:
    """Keep what a step answered to the intent of this epoch."""

    step: str
    epoch: int
    outcome: Outcome
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Approve:
    """A person says yes to the plan with this digest."""

    by: Actor
    digest: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reject:
    """A person says no to the plan with this digest."""

    by: Actor
    digest: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """A person chooses for a step that waits: a tick, or a decision."""

    by: Actor
    step: str
    choice: str
    groups: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Abort:
    """A person ends the run."""

    by: Actor
    groups: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stopped:
    """The interrupted step was ended and its targets fenced: the aborted run may end.

    `untouched`: what is fenced now was read, and the step had changed nothing.
    """

    note: str = ""
    untouched: bool = False
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Supersede:
    """Another run takes over this run's targets."""

    successor: str
    by: Actor


@dataclass(frozen=True)
class Note:
    """Put a line on the card.

    `supplanted`: it says that what the run brought is not what counts there any more. `silent`: it says no more than
    that this does not answer.
    """

    text: str
    supplanted: bool = False
    silent: str = ""
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Expire:
    """Nobody approved in time."""

    by: Actor = OPSBOT


@dataclass(frozen=True)
class EndWayBack:
    """The rollback that was to take back what this run left is over."""

    way_back: WayBack
    by: Actor = OPSBOT


@dataclass(frozen=True)
class EndHold:
    """Deploys are not held since this rollback any more. `successor`: the rollback since which they are held now."""

    by: Actor
    reason: str = ""
    successor: str = ""


Command = (
    Request
    | Adopt
    | PlanFailed
    | Begin
    | Progress
    | Record
    | Approve
    | Reject
    | Answer
    | Abort
    | Stopped
    | Supersede
    | Note
    | Expire
    | EndWayBack
    | EndHold
)
