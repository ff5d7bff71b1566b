"""The tour: people type and click in the local Slack, and every act ends with what outsiders say of it.

`players` are the people and what they can do; the acts stand in `deploys`, `ways_back`, `tenant` and `audit`.
"""

from sandbox.tour.players import PATIENCE, Players, TourFailed
from sandbox.tour.programme import ACTS, play

__all__ = ["ACTS", "PATIENCE", "Players", "TourFailed", "play"]
