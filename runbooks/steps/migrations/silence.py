"""A database besides the one that is migrated, which is asked again for a minute before its silence is told. Pure."""

from datetime import timedelta

from runbooks.steps.base import Turn
from runbooks.vocabulary import Failed, Pending, Unreachable

_AGAIN, _PATIENCE = timedelta(seconds=3), timedelta(minutes=1)


def silent(turn: Turn, cause: Unreachable, so: str) -> Pending | Failed:
    """Ask again soon; after a minute the step has failed. `so`: what is not known, as a clause."""
    if turn.now - turn.began_at < _PATIENCE:
        return Pending(turn.now + _AGAIN, f"{cause.what} does not answer; trying again")
    who = f"{cause.what[:1].upper()}{cause.what[1:]}"
    return Failed(f"{who} did not answer for a minute, so {so}. Mend it, then deploy again.")
