"""What people ask for, as values, and the reply they get."""

from dataclasses import dataclass, field

from runbooks.incidents.incident import Lessons
from runbooks.vocabulary import Actor, Json, Severity


@dataclass(frozen=True)
class Deploy:
    """`/deploy SERVICE VERSION [ENVIRONMENT]`; "" is the catalogue's default environment."""

    service: str
    version: str
    environment: str = ""


@dataclass(frozen=True)
class RollBack:
    """The confirmed click of `/rollback`; `shown` is the digest of the target that the person saw.

    `seen`: the changes of others, by key, that it was said to overwrite.
    """

    service: str
    environment: str
    version: str = ""  # "" is the last known good
    shown: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanRollBack:
    """`/rollback SERVICE [ENVIRONMENT] [to VERSION] planned`: without hurry, and stopping nothing."""

    service: str
    environment: str = ""
    version: str = ""  # "" is the last known good


@dataclass(frozen=True)
class Drill:
    """`/drill SERVICE [ENVIRONMENT] [VERSION]`, or what the schedule asks for: forward and back again."""

    service: str
    environment: str
    version: str = ""  # "" is what the catalogue says, or the newest that does not run


@dataclass(frozen=True)
class Onboard:
    """`/onboard TENANT [SERVICE] [ENVIRONMENT]`: try the four gates, and go live where they are passed."""

    tenant: str
    service: str
    environment: str = ""


@dataclass(frozen=True)
class Approve:
    """A click on Approve, on a card that showed the plan with this digest."""

    run: str
    digest: str


@dataclass(frozen=True)
class Reject:
    """A click on Reject."""

    run: str
    digest: str


@dataclass(frozen=True)
class Answer:
    """A tick of a manual item, or a decision that a step waits for; `epoch` is that of the question on the card."""

    run: str
    step: str
    choice: str
    epoch: int | None = None  # None: a tick, or a card that was drawn before buttons carried it


@dataclass(frozen=True)
class Abort:
    """End a run before its next step."""

    run: str


@dataclass(frozen=True)
class Lock:
    """Stop deploys of a service in an environment."""

    service: str
    environment: str
    reason: str


@dataclass(frozen=True)
class Unlock:
    """Let deploys go on. `hold`: only what holds them since this rollback (its form names it)."""

    service: str
    environment: str
    reason: str = ""
    hold: str = ""


@dataclass(frozen=True)
class Acknowledge:
    """Take on a finding."""

    finding: str


@dataclass(frozen=True)
class OpenIncident:
    """A click on Open incident, under a finding."""

    finding: str


@dataclass(frozen=True)
class Declare:
    """`/incident declare SERVICE [ENVIRONMENT] TEXT`."""

    service: str
    environment: str
    text: str
    severity: Severity = Severity.S3


@dataclass(frozen=True)
class UpdateIncident:
    """`/incident update I-7 TEXT`."""

    incident: str
    text: str


@dataclass(frozen=True)
class Resolve:
    """`/incident resolve I-7 TEXT`, or its form with what was learned."""

    incident: str
    text: str
    lessons: Lessons | None = None


@dataclass(frozen=True)
class Lead:
    """A click on "Take the lead"; `instead_of` is who led when the button was drawn."""

    incident: str
    instead_of: Actor | None = None


@dataclass(frozen=True)
class Investigate:
    """A click on "I investigate"; `instead_of` is who did when the button was drawn."""

    incident: str
    instead_of: Actor | None = None


@dataclass(frozen=True)
class Found:
    """`/incident found I-7 TEXT`, or its form: what the investigation came to."""

    incident: str
    text: str


Ask = (
    Deploy
    | RollBack
    | PlanRollBack
    | Drill
    | Onboard
    | Approve
    | Reject
    | Answer
    | Abort
    | Lock
    | Unlock
    | Acknowledge
    | OpenIncident
    | Declare
    | UpdateIncident
    | Resolve
    | Lead
    | Investigate
    | Found
)

Start = Deploy | RollBack | PlanRollBack
"""What starts a run, if it is accepted."""

Numbered = Start | Drill | Onboard | OpenIncident | Declare
"""What may need a number of its own."""

_DOING: dict[type, str] = {
    Deploy: "deploy",
    RollBack: "roll back",
    PlanRollBack: "roll back",
    Drill: "drill",
    Onboard: "onboard",
    Approve: "approve",
    Reject: "reject",
    Answer: "answer",
    Abort: "abort",
    Lock: "lock",
    Unlock: "unlock",
    Acknowledge: "acknowledge",
    OpenIncident: "open",
    Declare: "declare",
    UpdateIncident: "update",
    Resolve: "resolve",
    Lead: "lead",
    Investigate: "take over",
    Found: "close",
}


def doing(ask: Ask) -> str:
    """What the person tried, as a verb: a refusal says what was not done."""
    return _DOING[type(ask)]


PASSING = frozenset({"membership-unknown", "contended"})
"""Refusals that are not recorded: what was asked is as good as not asked."""


@dataclass(frozen=True)
class Reply:
    """What came of it: `refused` is a closed reason code, "" where it was accepted; `facts` fill the sentence."""

    did: str = ""  # such as "started", "approved"
    refused: str = ""
    facts: Json = field(default_factory=dict)
