"""How long pods took to come, as it was measured, and how long a way back may take. A leaf."""

from dataclasses import dataclass
from datetime import timedelta

WAY_BACK = timedelta(minutes=5)
"""What the Operations branch gives it: "Emergency Rollback (< 5min)"."""


@dataclass(frozen=True)
class Took:
    """One rollout or rollback of a place that ended well, from its first change until its pods had proven steady."""

    seconds: int
    pods: int  # of all Deployments together
    back: bool  # a rollback, whose images were at hand
