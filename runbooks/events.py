"""What the events of all rooms share. A leaf, as the vocabulary is."""

from dataclasses import dataclass
from datetime import datetime

from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class Happened:
    """Something happened: who did it, and when. Each event adds what it tells, and its `kind`."""

    by: Actor
    at: datetime
