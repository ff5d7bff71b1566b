"""How a record can be outdated. A leaf."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Lag(StrEnum):
    """What it is behind of."""

    RUNS = "runs"  # what runs is not what is recorded
    PLACE = "place"  # what is recorded does not stand where the catalogue wants it


@dataclass(frozen=True)
class Behind:
    """One way in which it is outdated now, and the finding that says so: `L-12.lkg-outdated`."""

    lag: Lag
    finding: str
    since: datetime
