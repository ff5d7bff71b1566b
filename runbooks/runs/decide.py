"""What a command makes of a run: events, or a refusal with its reason. Pure.

An empty list means that nothing is left to do (the same was done before, or the run has moved on);
Refused goes to people only.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import singledispatch

from runbooks.runs import commands as c
from runbooks.runs import events as e
from runbooks.runs import policy
from runbooks.runs.evolve import evolve, meaning
from runbooks.runs.plans import again, difference, still_counts
from runbooks.runs.state import Run, Status
from runbooks.runs.todo import under_way
from runbooks.vocabulary import OPSBOT, Done, Failed, InDoubt, Outcome, Pending, PlannedStep, Refused, Then, Waiting

NOT_APPROVED = "Nobody approved it in time. Nothing was changed. Ask again when an approver is there."


def decide(run: Run, command: c.Command, now: datetime) -> list[e.Event]:
    """The events that the command causes, the run's end included."""
    return _decide(command, run, now)


@singledispatch
def _decide(command: object, run: Run, now: datetime) -> list[e.Event]:
    raise TypeError(f"not a command of a run: {type(command).__name__} ({run.id}, {now})")


@_decide.register
def _(command: c.Request, run: Run, now: datetime) -> list[e.Event]:
    if run.status is not Status.NEW:
        return []
    return [
        e.Requested(
            command.by,
            now,
            command=command.command,
            runbook=command.runbook,
            service=command.service,
            environment=command.environment,
            version=command.version,
            targets=tuple(sorted(command.targets)),
            quorum=command.quorum,
            approval_seconds=command.approval_seconds,
            target=command.target,
            supersedes=command.supersedes,
            because=command.because,
            concerns=command.concerns,
            parameters=command.parameters,
            incident=command.incident,
            seen=command.seen,
        )
    ]


@_decide.register
def _(command: c.Adopt, run: Run, now: datetime) -> list[e.Event]:
    if run.status not in (Status.PLANNING, Status.RUNNING):
        return []
    digest = command.plan.digest
    if digest == run.digest and not command.provisional and not run.provisional:
        return _with_approval_passed(run, [e.Verified(command.by, now, digest)], now)
    planned = e.Planned(command.by, now, command.plan, digest, command.provisional)
    return _with_end(run, [_compared(run, planned)], now)


def _compared(run: Run, planned: e.Planned) -> e.Planned:
    """What differs from the plan before, and what counts under both; what a part did counts for the whole."""
    if run.plan is None or run.provisional:
        return replace(planned, kept=tuple(s.id for s in planned.plan.steps if s.id in run.steps))
    kept = still_counts(run.plan, planned.plan)
    lost = again(s for s in planned.plan.steps if s.id in run.steps and s.id not in kept)
    return replace(planned, difference=(*difference(run.plan, planned.plan), *lost), kept=kept)


def _with_approval_passed(run: Run, found: list[e.Event], now: datetime) -> list[e.Event]:
    """The plan still stands: an `approve` step that waited for its people is done."""
    at = run.current
    if at is None or at.uses != "approve" or at.id not in run.steps or run.approvals_wanted:
        return found
    return _with_end(run, [*found, e.Recorded(OPSBOT, now, at.id, run.steps[at.id].epoch, Done("approved"))], now)


@_decide.register
def _(command: c.PlanFailed, run: Run, now: datetime) -> list[e.Event]:
    if run.status not in (Status.PLANNING, Status.RUNNING):
        return []
    ended = e.Ended(
        command.by, now, Status.FAILED, reason=command.sentence, finding=command.finding, roll_back=run.changed
    )
    return [ended]


@_decide.register
def _(command: c.Begin, run: Run, now: datetime) -> list[e.Event]:
    step = run.current
    if run.status is not Status.RUNNING or step is None or step.id != command.step:
        return []
    if step.changes and run.quorum and not run.changed and (gone := _no_longer_valid(run, command, now)):
        return gone
    if step.changes and not run.changed and run.approvals_wanted:
        return []
    began = e.Began(command.by, now, command.step, command.epoch)
    if step.uses == "approve" and run.quorum is None:
        not_needed = e.Recorded(command.by, now, step.id, command.epoch, Done("not needed for this run"))
        return _with_end(run, [began, not_needed], now)
    return [began]


def _no_longer_valid(run: Run, command: c.Begin, now: datetime) -> list[e.Event]:
    """Approvals are looked at again when the first change begins: membership and time, an event for each."""
    left = tuple(a.by for a in run.approvals if a.by not in command.members)
    late = tuple(a.by for a in run.approvals if a.by in command.members and a.expires <= now)
    gone = {"left the approvers' group": left, "expired": late}
    return [e.Disapproved(command.by, now, people, why) for why, people in gone.items() if people]


@_decide.register
def _(command: c.Progress, run: Run, now: datetime) -> list[e.Event]:
    state = run.steps.get(command.step)
    if run.status.over or state is None or state.epoch != command.epoch or state.finished:
        return []
    told = state.progress == command.line and not _falls_silent(run, command)
    return [] if told else [e.Progressed(command.by, now, command.step, command.line, command.silent)]


def _falls_silent(run: Run, command: c.Progress | c.Note) -> bool:
    """Whether it tells of a silence that begins, though it may have been told of an earlier one in the same words."""
    return bool(command.silent) and (run.silence is None or run.silence.what != command.silent)


@_decide.register
def _(command: c.Record, run: Run, now: datetime) -> list[e.Event]:
    state = run.steps.get(command.step)
    if run.status is not Status.RUNNING or state is None or state.epoch == 0 or state.finished:
        return []
    if _is_older(state.epoch, command.epoch, state.outcome):
        return []
    return _with_end(run, [e.Recorded(command.by, now, command.step, command.epoch, command.outcome)], now)


def _is_older(intent: int, answering: int, outcome: Outcome | None) -> bool:
    """An answer counts for the intent it belongs to; a later holder may look again at what is Pending or cut off."""
    return answering < intent or (answering == intent and isinstance(outcome, Waiting | InDoubt))


def _with_end(run: Run, found: list[e.Event], now: datetime) -> list[e.Event]:
    """Add the run's end, where these events leave nothing to do or fail it."""
    after = run
    for event in found:
        after = evolve(after, event)
    failed = _failed_step(after)
    if failed is not None:
        return [*found, _failure(after, failed, now)]
    if after.status is Status.RUNNING and after.plan and after.current is None and not after.provisional:
        return [*found, e.Ended(OPSBOT, now, Status.SUCCEEDED)]
    return found


def _failed_step(run: Run) -> PlannedStep | None:
    step = run.current
    state = run.of(step) if step else None
    return step if state and isinstance(state.outcome, Failed) else None


def _failure(run: Run, step: PlannedStep, now: datetime) -> e.Ended:
    outcome = run.steps[step.id].outcome
    assert isinstance(outcome, Failed)  # noqa: S101  # chosen by its outcome
    return e.Ended(
        OPSBOT,
        now,
        Status.FAILED,
        reason=outcome.reason,
        step=step.id,
        finding=outcome.finding or step.on_failure.finding or "",
        roll_back=step.on_failure.then is Then.ROLLBACK and run.changed,
    )


@_decide.register
def _(command: c.Approve, run: Run, now: datetime) -> list[e.Event]:
    _may_judge(run, command, "approve")
    policy.in_time(run, now)
    expires = now + timedelta(seconds=run.approval_seconds)
    return [e.Approved(command.by, now, command.digest, expires)]


@_decide.register
def _(command: c.Reject, run: Run, now: datetime) -> list[e.Event]:
    policy.still_open(run, "reject")
    policy.wants_approval(run)
    if command.by != run.requester:  # whoever asked may withdraw it
        _may_judge(run, command, "reject")
    return [e.Ended(command.by, now, Status.REJECTED)]


def _may_judge(run: Run, command: c.Approve | c.Reject, doing: str) -> None:
    policy.still_open(run, doing)
    policy.of_this_plan(run, command.digest)
    policy.somebody_else(run, command.by)
    policy.wants_approval(run)
    group = run.quorum.group if run.quorum else ""
    policy.of_group(groups=command.groups, allowed=frozenset({group}), doing=doing)


@_decide.register
def _(command: c.Answer, run: Run, now: datetime) -> list[e.Event]:
    policy.still_open(run, "answer")
    policy.of_group(groups=command.groups, allowed=command.allowed, doing="answer")
    step = next((s for s in run.open_items if s.id == command.step), None)
    state = run.steps.get(command.step)
    if step is None:
        raise Refused("not-open", run=run.id, step=command.step, by=state.choice_by if state else None)
    asked = state.outcome if state else None
    if step.uses != "confirm" and not isinstance(asked, Waiting | InDoubt):
        raise Refused("not-open", run=run.id, step=command.step, by=None)
    if meaning(step, state, command.choice) is None:
        raise Refused("not-offered", run=run.id, step=command.step)
    answered = e.Answered(command.by, now, command.step, command.choice)
    return _with_end(run, [answered], now)


@_decide.register
def _(command: c.Abort, run: Run, now: datetime) -> list[e.Event]:
    policy.still_open(run, "abort")
    if command.by != run.requester:
        policy.of_group(groups=command.groups, allowed=command.allowed, doing="abort")
    return [e.Stopping(command.by, now)]


@_decide.register
def _(command: c.Stopped, run: Run, now: datetime) -> list[e.Event]:
    if run.status is not Status.STOPPING:
        return []
    untouched = _untouched(run) if command.untouched else ""
    return [e.Ended(command.by, now, Status.ABORTED, reason=command.note, untouched=untouched)]


def _untouched(run: Run) -> str:
    """The step that was cut off before it answered anything; once it has, what stands may be others' work by now."""
    step = under_way(run)
    return step.id if step and run.steps[step.id].outcome is None else ""


@_decide.register
def _(command: c.Supersede, run: Run, now: datetime) -> list[e.Event]:
    if run.status.over or run.status is Status.NEW:
        return []
    return [e.Ended(command.by, now, Status.SUPERSEDED, successor=command.successor)]


@_decide.register
def _(command: c.Note, run: Run, now: datetime) -> list[e.Event]:
    noted = e.Noted(command.by, now, command.text, command.supplanted, command.silent)
    return [] if command.text in run.notes and not _falls_silent(run, command) else [noted]


@_decide.register
def _(command: c.Expire, run: Run, now: datetime) -> list[e.Event]:
    if not run.waits_for_approval:
        return []
    return [e.Ended(command.by, now, Status.EXPIRED, reason=NOT_APPROVED)]


@_decide.register
def _(command: c.EndWayBack, run: Run, now: datetime) -> list[e.Event]:
    told_already = not command.way_back.tells_more_than(run.way_back)
    return [] if told_already or not run.status.over else [e.WayBackEnded(command.by, now, command.way_back)]


@_decide.register
def _(command: c.EndHold, run: Run, now: datetime) -> list[e.Event]:
    if run.released is not None or run.status is Status.NEW:
        return []
    return [e.HoldEnded(command.by, now, command.reason, command.successor)]


def unchanged(run: Run, step: str, outcome: Outcome) -> bool:
    """Whether a Pending says nothing new: it then appends no event, only the due time moves."""
    before = run.steps[step].outcome
    if not isinstance(before, Pending) or not isinstance(outcome, Pending):
        return False
    return replace(before, check_at=outcome.check_at) == outcome
