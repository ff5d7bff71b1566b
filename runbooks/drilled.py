"""What is kept of a drill once its run is over, and what a fault of the drills asks of findings. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from runbooks.drills.decide import Keep
from runbooks.drills.events import FellShort, MadeGood
from runbooks.drills.state import Drills, stream_of
from runbooks.incidents.findings import Mend, Raise
from runbooks.runs import drill
from runbooks.runs import events as e
from runbooks.runs.state import Run

_WHY = 300  # characters
_NO_RUN = "L-"  # what the name of a finding begins with that no run raised


def follows(event: object, state: object) -> Iterator[tuple[str, Any]]:
    """The commands that follow, each with the stream it goes to."""
    match event, state:
        case e.Ended(), Run(command=drill.DRILL) as run:
            yield stream_of(run.service, run.environment), kept(run)
        case FellShort(finding=finding, what=what), Drills() as drills:
            run_id, _, name = finding.partition(".")
            by = "" if run_id.startswith(_NO_RUN) else run_id
            yield f"finding/{finding}", Raise(name, what, by, drills.service, drills.environment)
        case MadeGood(finding=finding, how=how), Drills():
            yield f"finding/{finding}", Mend(how)


def kept(run: Run) -> Keep:
    """The end of this run, for the drills of its place."""
    slowest, back_to = drill.slowest(run), run.target.version if run.target else ""
    assert run.requested_at is not None  # noqa: S101  # it is over
    keep = Keep(
        run=run.id,
        version=run.version,
        back_to=back_to,
        status=run.status.value,
        asked_at=run.requested_at,
        back=drill.took_back(run),
        whole=drill.took(run),
        why=run.reason[:_WHY],
    )
    return keep if slowest is None else replace(keep, slowest=slowest.step.title, slowest_took=slowest.worked)
