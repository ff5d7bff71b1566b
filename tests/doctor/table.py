"""A row for each part that can break, and what `opsbot doctor` then says."""

from dataclasses import dataclass
from typing import Any

from tests.doctor.breaking import Break
from tests.doctor.world import NAME

PLACE = f"{NAME} production"
DEPLOYMENT = f"cluster main · deployment {NAME} of {PLACE}"
NO_DATABASE = "postgresql://opsbot:made-up-password@127.0.0.1:1/ops"


@dataclass(frozen=True)
class Row:
    """One part, broken: the check that then does not hold, with those that hang on it, and what the first says."""

    broken: str
    how: Break
    named: tuple[str, ...]  # "part · check", as patterns: the first surely, the others perhaps, nothing else
    says: str
    mend: str
    late: bool = False  # the cluster takes a moment to know


def row(broken: str, how: Break, named: str, says: str, mend: str, **more: Any) -> Row:
    """With one check that is named, or several with `|` between."""
    return Row(broken, how, tuple(named.split("|")), says, mend, **more)
