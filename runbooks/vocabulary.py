"""Words that all rooms share: who acts, how bad it is, what a step answers, what a plan is.

A leaf: of the project it imports only how a value is told from another, and what lies between two commits.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NewType

from runbooks.commits import Commits
from runbooks.digests import digest_of
from runbooks.release_facts import AppliedMigration, KpiValue

Actor = NewType("Actor", str)
"""Who acts: a person as `TEAM/USER` (Slack's own ids), or the bot itself."""

OPSBOT = Actor("opsbot")

Json = dict[str, Any]
"""A JSON object; small, and safe to show once it has been redacted."""


class Severity(StrEnum):
    """How bad a finding is; S3 unless said otherwise (Operations branch, router checklist)."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"


class Cut(StrEnum):
    """What a step does when it was interrupted between intent and record."""

    IDEMPOTENT = "idempotent"  # it is simply done again
    RECONCILES = "reconciles"  # it reads the world and answers from what stands there
    PARKS = "parks"  # it asks a person


class Then(StrEnum):
    """What a failed step means for its run."""

    ROLLBACK = "rollback"
    STOP = "stop"
    GO_ON = "go-on"


class Refused(Exception):
    """A person's request was not accepted: `reason` is a closed code, `facts` fill its sentence."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class PlanningFailed(Exception):
    """The plan could not be made: the sentence says what is wrong and what to do.

    That nothing was changed is said by whoever tells it, from the run's state.

    `finding` names the entry of the escalation table it belongs to, if any.
    """

    def __init__(self, sentence: str, *, finding: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.finding = finding


class Unreachable(Exception):
    """An outside system did not answer; `what` names it in words a person knows. Nothing is known to have changed."""

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(f"{what} did not answer" + (f": {detail}" if detail else ""))
        self.what = what
        self.detail = detail


class Fenced(Exception):
    """A target carries a newer epoch than ours: another holder took it over, so we must not touch it."""


# ---------------------------------------------------------------- outcomes of a step


@dataclass(frozen=True)
class Done:
    """It is done; `line` is what the card shows, `evidence` what is kept."""

    line: str = ""
    evidence: Json = field(default_factory=dict)
    kind: Literal["done"] = "done"


@dataclass(frozen=True)
class Pending:
    """It goes on outside; look again at `check_at`. `token` is what `check` needs to find it."""

    check_at: datetime
    line: str = ""
    token: Json = field(default_factory=dict)
    kind: Literal["pending"] = "pending"


class Means(StrEnum):
    """What a person's choice makes of the step that waits for it."""

    DONE = "done"  # the step counts as done
    AGAIN = "again"  # the step begins anew, told the choice
    FAILED = "failed"  # the step counts as failed


@dataclass(frozen=True)
class Choice:
    """One button under a waiting step."""

    value: str
    label: str
    means: Means = Means.DONE
    danger: bool = False
    asks: str = ""  # of a dangerous one: what is asked before it counts, as sentences; "": in general words


@dataclass(frozen=True)
class Waiting:
    """A person must act; `on` says for what, in the words of the card; `detail` goes to the card's thread."""

    on: str
    choices: tuple[Choice, ...] = ()
    detail: str = ""
    kind: Literal["waiting"] = "waiting"


@dataclass(frozen=True)
class Failed:
    """It failed for good; `reason` is one sentence for the card, `finding` overrides the document's."""

    reason: str
    evidence: Json = field(default_factory=dict)
    finding: str | None = None
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True)
class InDoubt:
    """Whether it was done can't be known from here: a person is asked."""

    question: str
    choices: tuple[Choice, ...] = (
        Choice("done", "It was done"),
        Choice("again", "Not done, do it", Means.AGAIN),
        Choice("stop", "Stop here", Means.FAILED),
    )
    kind: Literal["in-doubt"] = "in-doubt"


Outcome = Done | Pending | Waiting | Failed | InDoubt


GAPS = "way-back-gaps"
"""The evidence of a rehearsal that proved a way back but for these, a sentence each: approvals cover them."""


@dataclass(frozen=True)
class NotDone:
    """What `settle` found: the interrupted effect never happened, so it may be started anew."""


# ---------------------------------------------------------------- plans


@dataclass(frozen=True)
class OnFailure:
    """What the document says about a step's failure."""

    finding: str | None = None
    then: Then = Then.STOP


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan, resolved: `params` is exactly what will be done, `shows` says it in lines."""

    id: str
    title: str
    phase: str
    uses: str
    params: Json = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    changes: bool = False
    cut: Cut = Cut.PARKS
    on_failure: OnFailure = OnFailure()
    line: int = 0  # where the item stands in its document
    runs: tuple[str, ...] = ()  # what ran where it acts, as people call it, when the plan was made
    takes: int | None = None  # seconds that the way back takes, where it is the step that knows

    @property
    def does(self) -> Json:
        """All that it will do, without what is only shown: equal for steps that do the same."""
        return {key: value for key, value in asdict(self).items() if key not in _ONLY_SHOWN}


@dataclass(frozen=True)
class Quorum:
    """Whose approvals a plan needs: `count` different people of `group`, none of them the requester."""

    group: str
    count: int = 1


@dataclass(frozen=True)
class Plan:
    """A runbook with every step resolved; what people approve is its `digest`."""

    runbook: str
    document: str  # digest of the document's text
    service: str
    environment: str
    version: str
    commit: str
    steps: tuple[PlannedStep, ...]
    quorum: Quorum | None = None
    severity: Severity | None = None  # the document's; it is only shown
    brings: Commits | None = None  # since the last known good, only shown; None: not known, or nothing comes

    @property
    def digest(self) -> str:
        """SHA-256 over all that will be done, hex. What is only shown is left out: it may tell what others move."""
        whole = asdict(self)
        steps = [step.does for step in self.steps]
        del whole["severity"]
        del whole["brings"]
        return digest_of({**whole, "steps": steps})

    @property
    def runs(self) -> tuple[str, ...]:
        """The versions that ran when the plan was made; empty where no step knows."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.runs))

    def step(self, step_id: str) -> PlannedStep:
        """The step of that id; KeyError where there is none."""
        return next((s for s in self.steps if s.id == step_id), None) or _missing(step_id)


_ONLY_SHOWN = ("shows", "line", "runs", "takes")


def _missing(step_id: str) -> PlannedStep:
    raise KeyError(step_id)


# ---------------------------------------------------------------- the last known good


@dataclass(frozen=True)
class KnownWorkload:
    """One workload as it ran: its whole pod template, as read raw from the cluster."""

    deployment: str
    uid: str
    template: Json
    images: dict[str, str]  # container -> image as it ran, by digest where known
    digest: str = ""  # of the template as read: storing it takes out what looks like a secret
    config_maps: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> key -> SHA-256 of its value
    secrets: tuple[str, ...] = ()  # the names of those that the template refers to; nothing of what is in them


@dataclass(frozen=True)
class KnownGood:
    """A release known to be good: what a rollback restores, and the record that people read."""

    run: str  # the run that made it, or "adopt"
    version: str
    commit: str  # full
    workloads: tuple[KnownWorkload, ...]
    migrations_version: str  # last applied file without its suffix, "" where there are none
    config_hash: str  # "sha256:..." over the pod template without its image and its ConfigMaps' data
    at: datetime
    all_tests_pass: bool = False
    health_status: str = "unknown"
    ledger: tuple[AppliedMigration, ...] = ()  # by number
    kpis: tuple[KpiValue, ...] = ()  # once it ran
    approved_by: tuple[Actor, ...] = ()


def within(sentence: str) -> str:
    """The words, as they stand in the middle of a sentence."""
    return sentence[:1].lower() + sentence[1:]
