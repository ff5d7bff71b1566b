"""What is asked of a run under way: approve, reject, tick, decide, abort."""

from runbooks.endings import release_of
from runbooks.engine import asks, locks
from runbooks.engine.desk import Desk
from runbooks.engine.people import operators
from runbooks.engine.places import where
from runbooks.runs import commands as run
from runbooks.runs import policy
from runbooks.runs.state import Run
from runbooks.store import Work


async def approve(ask: asks.Approve, desk: Desk) -> asks.Reply:
    """Count an approval of the plan that the card showed. Raises Refused."""
    await desk.draft.apply(f"run/{ask.run}", run.Approve(desk.who.by, ask.digest, desk.who.groups))
    state = desk.run(ask.run)
    lock = desk.draft.state(release_of(state)).stops
    if lock is None or not locks.heeds(state):
        return asks.Reply("approved", facts={"run": ask.run})
    return asks.Reply(
        "approved", facts={"run": ask.run, "by": lock.by, "hold": lock.run, **where(state.service, state.environment)}
    )


async def reject(ask: asks.Reject, desk: Desk) -> asks.Reply:
    """End a run that waits for approvals. Raises Refused."""
    await desk.draft.apply(f"run/{ask.run}", run.Reject(desk.who.by, ask.digest, desk.who.groups))
    return asks.Reply("rejected", facts={"run": ask.run})


async def answer(ask: asks.Answer, desk: Desk) -> asks.Reply:
    """Record a tick or a decision. Raises Refused, in the word for what the person tried."""
    state, allowed = desk.run(ask.run), _operators(desk, ask.run)
    doing = "tick" if _is_line(state, ask.step) else "decide"
    policy.still_open(state, doing)
    desk.admit(allowed, doing)
    policy.of_this_question(state, ask.step, ask.epoch)
    command = run.Answer(desk.who.by, ask.step, ask.choice, desk.who.groups, allowed)
    await desk.draft.apply(f"run/{ask.run}", command)
    return asks.Reply("answered", facts={"run": ask.run, "step": ask.step})


def _is_line(state: Run, step: str) -> bool:
    """Whether the step is a line of the checklist that people tick."""
    return state.plan is not None and any(s.id == step and s.uses == "confirm" for s in state.plan.steps)


async def abort(ask: asks.Abort, desk: Desk) -> asks.Reply:
    """End a run before its next step, and void its lease. Raises Refused."""
    command = run.Abort(desk.who.by, desk.who.groups, _operators(desk, ask.run))
    await desk.draft.apply(f"run/{ask.run}", command)
    desk.draft.revoke(Work("run", f"run/{ask.run}"))
    return asks.Reply("stopping", facts={"run": ask.run})


def _operators(desk: Desk, run_id: str) -> frozenset[str]:
    return frozenset(operators(desk.catalogue, desk.run(run_id)))
