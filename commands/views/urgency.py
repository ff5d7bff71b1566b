"""What goes first where Slack takes no more for now. Pure."""

import re
from enum import IntEnum

from commands.views.headline import severity
from runbooks.audit.requests import Packs
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run
from runbooks.vocabulary import Severity

_MENTION = re.compile(r"<[@!]")


class Urgency(IntEnum):
    """The lower, the earlier."""

    URGENT = 0  # of severity S1 or S2, an approval that is waited for, or it mentions somebody
    LASTING = 1  # the last state of what ended, and what is posted once
    PROGRESS = 2  # what the next edit replaces


def urgency(state: object) -> Urgency:
    """Of all messages of this state, at the least."""
    match state:
        case Run() as run:
            return _of_run(run)
        case Finding() | Incident():
            return Urgency.URGENT if state.severity <= Severity.S2 else Urgency.LASTING
        case Packs():
            return Urgency.URGENT  # each asks one person, or answers them
        case _:
            return Urgency.PROGRESS


def mentions(text: str) -> bool:
    """Whether somebody is notified by it."""
    return _MENTION.search(text) is not None


def _of_run(run: Run) -> Urgency:
    if severity(run) <= Severity.S2 or run.waiting_since:
        return Urgency.URGENT
    return Urgency.LASTING if run.status.over else Urgency.PROGRESS
