"""What does not answer: since when a run waits for it, and the finding that says so when it lasts."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from runbooks.incidents.findings import Raise
from runbooks.runs.state import Run
from runbooks.runs.todo import UNANSWERED
from runbooks.store import Recorded
from runbooks.vocabulary import PlannedStep

LONG = timedelta(minutes=5)
"""So long people are not called."""
SELDOM = timedelta(seconds=15)
"""How often it is asked after that."""
FINDING = "no-answer"


def said(what: str) -> str:
    """The line on the card."""
    return f"{what} {UNANSWERED}"


def began(history: Sequence[Recorded], line: str) -> datetime | None:
    """Since when the run does nothing but wait for it; None where it does not. Each new attempt is a new intent."""
    since = None
    for event in reversed(history):
        match json.loads(event.data):
            case {"kind": "progressed", "line": str(told)} | {"kind": "noted", "text": str(told)} if (
                told.rstrip(".").casefold() == line.casefold()
            ):
                since = event.at
            case {"kind": "began"}:
                pass
            case _:
                break
    return since


def finding(run: Run, step: PlannedStep | None, *, what: str, lasts: timedelta) -> Raise:
    """Says what does not answer, how long, and what stands meanwhile."""
    waits = f"“{step.title}” of {run.id}" if step is not None else f"The plan of {run.id}"
    stands = (
        "The change has begun; how far it came is not known while there is no answer."
        if run.changed
        else "Nothing was changed."
    )
    told = (
        f"{what} has not answered for {lasts // timedelta(minutes=1)} minutes.",
        f"{waits} waits for it, and goes on by itself when it answers. {stands}",
    )
    return Raise(FINDING, told, run.id, run.service, run.environment)
