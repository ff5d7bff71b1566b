"""What happened to the drills of a place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.events import Happened


@dataclass(frozen=True)
class Wanted(Happened):
    """From now on a drill is due so often; 0: none is."""

    every: int  # seconds
    kind: Literal["wanted"] = "wanted"


@dataclass(frozen=True)
class Drilled(Happened):
    """A drill is over, well or not. Times are in seconds; None where it did not come so far."""

    run: str
    version: str  # which it went forward to
    back_to: str
    status: str  # the run's own: "succeeded", "failed" and so on
    asked_at: datetime
    back: float | None = None  # from the first step of the way back until it was healthy
    whole: float | None = None  # from its first change until its last step
    slowest: str = ""  # the step of the way back that worked longest
    slowest_took: float = 0
    why: str = ""  # of one that did not end well
    kind: Literal["drilled"] = "drilled"


@dataclass(frozen=True)
class FellShort(Happened):
    """The drills are not as they should be; `finding` says so, in these lines."""

    finding: str
    what: tuple[str, ...]
    kind: Literal["fell-short"] = "fell-short"


@dataclass(frozen=True)
class MadeGood(Happened):
    """What this finding says holds no more; `how` is a sentence."""

    finding: str
    how: str
    kind: Literal["made-good"] = "made-good"


Event = Annotated[Wanted | Drilled | FellShort | MadeGood, Field(discriminator="kind")]
