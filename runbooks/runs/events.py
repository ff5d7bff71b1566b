"""What happened to a run. Every event carries who did it and when; old shapes are read for ever."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.events import Happened
from runbooks.rollback_outcome import WayBack
from runbooks.vocabulary import Actor, Json, KnownGood, Outcome, Plan, Quorum


@dataclass(frozen=True)
class Requested(Happened):
    """Somebody, or a failed deploy, asked for this run."""

    command: str  # "deploy" or "rollback"
    runbook: str
    service: str
    environment: str
    version: str
    targets: tuple[str, ...]
    quorum: Quorum | None  # None: the request itself suffices
    approval_seconds: int  # how long the wait for approvals, and an approval, is good
    target: KnownGood | None = None
    supersedes: tuple[str, ...] = ()
    because: str = ""  # the run whose failure asked for it
    concerns: Actor | None = None  # who asked for that run, and is told of this one as if they had
    parameters: dict[str, str] = field(default_factory=dict)  # what its document asks for beside these
    incident: str = ""  # the open one that it joins, of what it takes back; "": that of its own number
    seen: tuple[str, ...] = ()  # changes of others, by key, that the person saw it would overwrite
    kind: Literal["requested"] = "requested"


@dataclass(frozen=True)
class Planned(Happened):
    """The plan stands. `provisional`: only its first steps, the rest is planned when they are done."""

    plan: Plan
    digest: str
    provisional: bool = False
    difference: tuple[str, ...] = ()
    kept: tuple[str, ...] | None = None  # steps whose outcomes still count; None (older events): all but `approve`
    kind: Literal["planned"] = "planned"


@dataclass(frozen=True)
class Verified(Happened):
    """The plan was made again before it runs, and came out the same."""

    digest: str
    kind: Literal["verified"] = "verified"


@dataclass(frozen=True)
class Began(Happened):
    """The intent of a step, under a lease epoch, before its effect."""

    step: str
    epoch: int
    kind: Literal["began"] = "began"


@dataclass(frozen=True)
class Progressed(Happened):
    """A line of progress from a long step."""

    step: str
    line: str
    silent: str = ""  # what does not answer, where that is all it says
    kind: Literal["progressed"] = "progressed"


@dataclass(frozen=True)
class Recorded(Happened):
    """What a step answered."""

    step: str
    epoch: int
    outcome: Annotated[Outcome, Field(discriminator="kind")]
    kind: Literal["recorded"] = "recorded"


@dataclass(frozen=True)
class Answered(Happened):
    """A person chose for a step that waited."""

    step: str
    choice: str
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True)
class Approved(Happened):
    """A person approved this plan."""

    digest: str
    expires: datetime
    kind: Literal["approved"] = "approved"


@dataclass(frozen=True)
class Disapproved(Happened):
    """Approvals that no longer count: their people left the group, or the time is over."""

    people: tuple[Actor, ...]
    why: str
    kind: Literal["disapproved"] = "disapproved"


@dataclass(frozen=True)
class Stopping(Happened):
    """Somebody aborted it; what is under way is being ended."""

    kind: Literal["stopping"] = "stopping"


@dataclass(frozen=True)
class Noted(Happened):
    """Something people should read on the card."""

    text: str
    supplanted: bool = False  # it says that what the run brought is not what counts there any more
    silent: str = ""  # what does not answer, where that is all it says
    kind: Literal["noted"] = "noted"


@dataclass(frozen=True)
class Ended(Happened):
    """It is over. `roll_back`: the environment was changed and the document says to go back."""

    status: str
    reason: str = ""
    step: str = ""
    finding: str = ""
    roll_back: bool = False
    successor: str = ""  # the run that superseded it
    untouched: str = ""  # the step that is known to have changed nothing, though it had begun
    evidence: Json | None = None
    kind: Literal["ended"] = "ended"


@dataclass(frozen=True)
class WayBackEnded(Happened):
    """The rollback that was to take back what this run left is over, well or not."""

    way_back: WayBack
    kind: Literal["way-back-ended"] = "way-back-ended"


@dataclass(frozen=True)
class HoldEnded(Happened):
    """Deploys are not held since this rollback any more: somebody released them, or another rollback holds them."""

    reason: str = ""
    successor: str = ""
    kind: Literal["hold-ended"] = "hold-ended"


Event = Annotated[
    Requested
    | Planned
    | Verified
    | Began
    | Progressed
    | Recorded
    | Answered
    | Approved
    | Disapproved
    | Stopping
    | Noted
    | Ended
    | WayBackEnded
    | HoldEnded,
    Field(discriminator="kind"),
]
