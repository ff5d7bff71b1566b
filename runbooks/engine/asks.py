"""What people ask for, as values, and the reply they get."""

from dataclasses import dataclass, field

from runbooks.vocabulary import Json


@dataclass(frozen=True)
class Deploy:
    """`/deploy SERVICE VERSION [ENVIRONMENT]`; "" is the catalogue's default environment."""

    service: str
    version: str
    environment: str = ""


@dataclass(frozen=True)
class RollBack:
    """The confirmed click of `/rollback`; `shown` is the digest of the target that the person saw."""

    service: str
    environment: str
    version: str = ""  # "" is the last known good
    shown: str = ""


@dataclass(frozen=True)
class PlanRollBack:
    """`/rollback SERVICE [ENVIRONMENT] [to VERSION] planned`: without hurry, and stopping nothing."""

    service: str
    environment: str = ""
    version: str = ""  # "" is the last known good


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
    """A tick of a manual item, or a decision that a step waits for."""

    run: str
    step: str
    choice: str


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
    """Let deploys go on."""

    service: str
    environment: str
    reason: str = ""


@dataclass(frozen=True)
class Acknowledge:
    """Take on a finding."""

    finding: str


Ask = Deploy | RollBack | PlanRollBack | Onboard | Approve | Reject | Answer | Abort | Lock | Unlock | Acknowledge

Start = Deploy | RollBack | PlanRollBack
"""What starts a run, if it is accepted."""

_DOING: dict[type, str] = {
    Deploy: "deploy",
    RollBack: "roll back",
    PlanRollBack: "roll back",
    Onboard: "onboard",
    Approve: "approve",
    Reject: "reject",
    Answer: "answer",
    Abort: "abort",
    Lock: "lock",
    Unlock: "unlock",
    Acknowledge: "acknowledge",
}


def doing(ask: Ask) -> str:
    """What the person tried, as a verb: a refusal says what was not done."""
    return _DOING[type(ask)]


@dataclass(frozen=True)
class Reply:
    """What came of it: `refused` is a closed reason code, "" where it was accepted; `facts` fill the sentence."""

    did: str = ""  # such as "started", "approved"
    refused: str = ""
    facts: Json = field(default_factory=dict)
