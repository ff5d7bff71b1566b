"""What does not answer: since when a run waits for it, and the finding that says so when it lasts."""

from datetime import datetime, timedelta

from runbooks.concerns import SILENT, incident_of, incident_with
from runbooks.incidents.escalations import NO_ANSWER, NO_ANSWER_MIDWAY
from runbooks.incidents.findings import Raise
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run
from runbooks.store import Store
from runbooks.vocabulary import PlannedStep

LONG = SILENT
SELDOM = timedelta(seconds=15)
"""How often it is asked after that."""
FINDING = NO_ANSWER


def said(what: str) -> str:
    """The line on the card."""
    return f"{what} does not answer; trying again"


def lasts(run: Run, what: str, now: datetime) -> timedelta:
    """How long the run has done nothing but wait for it; zero where it does not."""
    return now - run.silence.since if run.silence and run.silence.what == what else timedelta()


def finding(run: Run, step: PlannedStep | None, *, what: str, lasts: timedelta, incident: str) -> Raise:
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
    name = NO_ANSWER_MIDWAY if run.changed or run.command == "rollback" else NO_ANSWER
    return Raise(name, told, run.id, run.service, run.environment, incident=incident)


async def incident_for(run: Run, store: Store) -> str:
    """The open incident of the run, or of those that it is to take back; "" where there is none."""
    streams = [incident_with(run), *(incident_of(name) for name in (run.because, *run.supersedes) if name)]
    known: list[Incident] = [each.state for each in (await store.read(streams)).streams.values()]
    return next((each.id for each in known if each.opened and each.resolved is None), "")
