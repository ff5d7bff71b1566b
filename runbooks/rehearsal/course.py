"""One rehearsal: each migration up, back and up again, on an empty scratch database and on one with rows. Pure.

What it asks of a scratch database stands in `runbooks/rehearsal/scratch.py`.
"""

from runbooks.rehearsal.scratch import (
    Contents,
    File,
    Filled,
    Pair,
    RehearsalFailed,
    Rehearsals,
    RehearsalUnfit,
    Scratch,
)

__all__ = ["Contents", "File", "Filled", "Pair", "RehearsalFailed", "RehearsalUnfit", "Rehearsals", "Scratch"]
