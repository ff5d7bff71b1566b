"""How an event changes a run. Total and forgiving: it decides nothing."""

from dataclasses import replace
from datetime import timedelta
from functools import singledispatch

from runbooks.rollback_outcome import Released
from runbooks.runs import events as e
from runbooks.runs.approvals import Approval
from runbooks.runs.state import Run, Silence, Status, StepRun
from runbooks.vocabulary import Done, Failed, InDoubt, Means, PlannedStep, Waiting


def start(stream: str) -> Run:
    """The run before its first event, for the stream `run/D-7`."""
    return Run(id=stream.partition("/")[2])


def evolve(run: Run, event: e.Event) -> Run:
    """The run after the event."""
    after = replace(_apply(event, run), moved_at=event.at, silence=_silence(event, run))
    since = (run.waiting_since or event.at) if after.waits_for_approval else None
    return replace(after, waiting_since=since)


def _silence(event: e.Event, run: Run) -> Silence | None:
    """Whatever happens ends it, but for a new attempt: that is a new intent."""
    match event:
        case e.Noted(silent=what) | e.Progressed(silent=what) if what:
            return run.silence if run.silence and run.silence.what == what else Silence(what, event.at)
        case e.Began():
            return run.silence
        case _:
            return None


@singledispatch
def _apply(event: object, run: Run) -> Run:
    raise TypeError(f"not an event of a run: {type(event).__name__} ({run.id})")


@_apply.register
def _(event: e.Requested, run: Run) -> Run:
    return replace(
        run,
        status=Status.PLANNING,
        command=event.command,
        runbook=event.runbook,
        service=event.service,
        environment=event.environment,
        version=event.version,
        requester=event.concerns or event.by,
        requested_at=event.at,
        targets=event.targets,
        quorum=event.quorum,
        approval_seconds=event.approval_seconds,
        target=event.target,
        supersedes=event.supersedes,
        because=event.because,
        parameters=event.parameters,
        incident=event.incident,
        seen=event.seen,
    )


@_apply.register
def _(event: e.Planned, run: Run) -> Run:
    return replace(
        run,
        status=Status.RUNNING,
        version=run.version or event.plan.version,  # of a drill the plan may choose it
        plan=event.plan,
        digest=event.digest,
        quorum=event.plan.quorum,
        provisional=event.provisional,
        verified_at=None,
        difference=event.difference,
        approvals=(),
        steps=_still_planned(event, run),
    )


def _still_planned(event: e.Planned, run: Run) -> dict[str, StepRun]:
    kept = event.kept
    if kept is None:
        kept = tuple(s.id for s in event.plan.steps if s.uses != "approve" or event.digest == run.digest)
    return {step: state for step, state in run.steps.items() if step in kept}


@_apply.register
def _(event: e.Verified, run: Run) -> Run:
    return replace(run, verified_at=event.at if event.digest == run.digest else None)


@_apply.register
def _(event: e.Began, run: Run) -> Run:
    before = run.steps.get(event.step)
    begun = StepRun(
        epoch=event.epoch,
        began_at=event.at,
        first_began_at=(before and before.first_began_at) or event.at,
        choice=before.choice if before else "",
        choice_by=before.choice_by if before else None,
        waited=before.waited if before else timedelta(),
    )
    return _step(replace(run, verified_at=None), event.step, begun)


@_apply.register
def _(event: e.Progressed, run: Run) -> Run:
    return _step(run, event.step, replace(run.steps[event.step], progress=event.line))


@_apply.register
def _(event: e.Recorded, run: Run) -> Run:
    before = run.steps[event.step]
    return _step(run, event.step, replace(before, outcome=event.outcome, recorded_at=event.at, progress=""))


@_apply.register
def _(event: e.Answered, run: Run) -> Run:
    planned = next((s for s in run.plan.steps if s.id == event.step), None) if run.plan else None
    before = run.steps.get(event.step) or StepRun(epoch=0, began_at=event.at, first_began_at=event.at)
    asked = before.recorded_at if isinstance(before.outcome, Waiting | InDoubt) else None
    waited = before.waited + (event.at - asked if asked else timedelta())
    chosen = replace(before, choice=event.choice, choice_by=event.by, recorded_at=event.at, waited=waited)
    run = replace(run, verified_at=None)
    match meaning(planned, before, event.choice):
        case Means.AGAIN:
            return _step(run, event.step, replace(chosen, epoch=0, outcome=None))
        case Means.FAILED:
            return _step(run, event.step, replace(chosen, outcome=Failed("A person stopped it here.")))
        case Means.DONE:
            return _step(run, event.step, replace(chosen, outcome=Done()))
        case None:
            return run


def meaning(step: PlannedStep | None, state: StepRun | None, choice: str) -> Means | None:
    """What a choice makes of the step; None where it is not among what is offered now.

    A line that people tick offers that it is done, whether it has begun or not.
    """
    asked = state.outcome.choices if state and isinstance(state.outcome, Waiting | InDoubt) else ()
    if not asked and step is not None and step.uses == "confirm":
        return Means.DONE if choice == "done" else None
    return next((c.means for c in asked if c.value == choice), None)


@_apply.register
def _(event: e.Approved, run: Run) -> Run:
    approval = Approval(event.by, event.digest, event.at, event.expires)
    return replace(run, approvals=(*run.approvals, approval), verified_at=None)


@_apply.register
def _(event: e.Disapproved, run: Run) -> Run:
    left = tuple(a for a in run.approvals if a.by not in event.people)
    gone = len(run.approvals) - len(left)
    what = "1 approval does" if gone == 1 else f"{gone} approvals do"
    note = f"{what} not count any more ({event.why}). Nothing was changed; it waits for another."
    return replace(run, approvals=left, notes=(*run.notes, note))


@_apply.register
def _(event: e.Stopping, run: Run) -> Run:
    return replace(run, status=Status.STOPPING, ended_by=event.by)


@_apply.register
def _(event: e.Noted, run: Run) -> Run:
    notes = run.notes if event.text in run.notes else (*run.notes, event.text)
    return replace(run, notes=notes, supplanted=run.supplanted or event.supplanted)


@_apply.register
def _(event: e.Ended, run: Run) -> Run:
    return replace(
        run,
        status=Status(event.status),
        ended_at=event.at,
        ended_by=run.ended_by or event.by,
        reason=event.reason,
        failed_step=event.step,
        finding=event.finding,
        roll_back=event.roll_back,
        successor=event.successor,
        untouched=event.untouched,
    )


@_apply.register
def _(event: e.WayBackEnded, run: Run) -> Run:
    return replace(run, way_back=event.way_back)


@_apply.register
def _(event: e.HoldEnded, run: Run) -> Run:
    return replace(run, released=Released(event.by, event.at, event.reason, event.successor))


def _step(run: Run, step: str, state: StepRun) -> Run:
    return replace(run, steps={**run.steps, step: state})
