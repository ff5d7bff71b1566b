"""What one round does, drawn from its seed. Pure; what the moments meet depends on the machine's speed."""

import random
from dataclasses import dataclass
from enum import StrEnum

LENGTH = 14.0  # seconds from the approval to the end of a deploy that does well, about
_EDITED, _KEPT = 0.35, 0.25  # of the rounds; of these


class Kind(StrEnum):
    """How a release does: each value is the sample service's version that it is made of."""

    GOOD = "v42"
    NEVER_READY = "v43"
    CRASHING = "v44"


class Edit(StrEnum):
    """What somebody else changes, with kubectl, in the middle of it all."""

    ENVIRONMENT = "env"
    RESOURCES = "resources"


@dataclass(frozen=True)
class Course:
    """One round. Moments are seconds after the approval."""

    seed: int
    kind: Kind
    back_at: float  # when somebody types /rollback
    edit: Edit | None
    edit_at: float
    keeps: bool  # whether who is asked lets the other one's change stand first

    @classmethod
    def of(cls, seed: int) -> "Course":
        """The round of this seed."""
        draw = random.Random(f"rollbacks/{seed}")  # noqa: S311  # to be repeated from its seed
        kind, back_at = draw.choice(list(Kind)), draw.uniform(0, LENGTH)
        edit = draw.choice(list(Edit)) if draw.random() < _EDITED else None
        return cls(seed, kind, back_at, edit, draw.uniform(0, back_at + 3), draw.random() < _KEPT)

    def __str__(self) -> str:
        edited = f", {self.edit} edited after {self.edit_at:.1f} s" if self.edit else ""
        return f"seed {self.seed}: {self.kind.name.lower()}, back after {self.back_at:.1f} s{edited}"
