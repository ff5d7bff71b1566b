"""The end of a run that people end: what is under way is ended first, and no fault and no silence prevents it."""

import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta

from runbooks.engine.planning import TAKE_OVER
from runbooks.runs.state import Run
from runbooks.store import LeaseLost, StoreUnavailable
from runbooks.vocabulary import Fenced, PlannedStep, PlanningFailed, Unreachable, within

_PATIENCE = timedelta(minutes=1)  # with what is to be ended and does not answer, before an abort ends without it
_TAKE_OVER = PlannedStep(TAKE_OVER, "Take over", "", TAKE_OVER)
log = logging.getLogger(__name__)


def not_taken_over(run: Run) -> PlannedStep | None:
    """The take-over, where the run stopped others and has not ended their work yet."""
    taking = (step for step in run.plan.steps if step.uses == TAKE_OVER) if run.plan else iter(())
    return next(taking, _TAKE_OVER) if run.not_ended else None


async def abandoned(run: Run, step: PlannedStep, ending: Awaitable[str], now: datetime) -> str:
    """What ending the interrupted step came to, as a clause. Raises Unreachable while there is time to try again."""
    told = f"“{step.title}” could not be ended"
    try:
        return await ending
    except Fenced:
        return "Somebody else holds its targets now, so nothing was touched here."
    except PlanningFailed as fault:
        return f"{told}: {within(fault.sentence)}"
    except Unreachable as silent:
        if run.moved_at is None or now - run.moved_at < _PATIENCE:
            raise
        return f"{told}, as {within(silent.what)} does not answer: look what stands where."
    except (LeaseLost, StoreUnavailable):
        raise
    except Exception as cause:
        log.exception("step %s of %s was not ended", step.uses, run.id)
        return f"{told} ({type(cause).__name__}): look what stands where."
