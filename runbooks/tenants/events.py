"""What happened to a tenant. The database keeps its passes and its going live by itself, from these."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from runbooks.events import Happened
from runbooks.gates import Gate
from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class GatePassed(Happened):
    """The service's own command said so, with a report."""

    gate: Gate
    commit: str  # full, of the release that it was passed on
    release: str  # its version
    run: str
    kind: Literal["gate-passed"] = "gate-passed"


@dataclass(frozen=True)
class GateFailed(Happened):
    """It was not passed; an earlier pass of this gate counts no more."""

    gate: Gate
    commit: str
    release: str
    run: str
    reason: str = ""
    kind: Literal["gate-failed"] = "gate-failed"


@dataclass(frozen=True)
class WentLive(Happened):
    """The tenant may be let in. `passes`: of each gate, the number of its event in this stream."""

    commit: str
    release: str
    run: str
    passes: dict[Gate, int]
    approved_by: tuple[Actor, ...] = ()
    kind: Literal["went-live"] = "went-live"


Event = Annotated[GatePassed | GateFailed | WentLive, Field(discriminator="kind")]
