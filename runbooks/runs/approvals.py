"""What an approval is, and what it agrees to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runbooks.digests import digest_of
from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class Approval:
    """One person's approval of one plan."""

    by: Actor
    digest: str  # of what it agrees to
    at: datetime
    expires: datetime


def agreed_to(plan: str, gaps: Sequence[str]) -> str:
    """The digest of what an approval agrees to: the plan's own, and the gaps in its way back where there are any."""
    return digest_of([plan, list(gaps)]) if gaps else plan
