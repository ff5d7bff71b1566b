"""Two clocks that must not differ: every time of a run is the database's, and posts are looked up by Slack's."""

from bot.adapters.slack.client import CLOCKS_DIFFER
from bot.doctor.finding import Finding, Subject

_ALLOWED = (CLOCKS_DIFFER / 2).total_seconds()  # between this host and each of the two


def differing(subject: Subject, ahead: float, *, clock: str, other: str, mend: str) -> Finding:
    """What it means that this clock is so many seconds ahead of the other one."""
    seconds = round(ahead)
    if abs(seconds) > _ALLOWED:
        return subject.wrong(f"{clock} is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} {other}", mend)
    return subject.ok(f"it differs from {other} by at most {abs(seconds) + 1} s")
