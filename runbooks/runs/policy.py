"""Who may do what with a run, as plain rules over facts at hand; an empty rule denies.

Every rule raises Refused with a closed reason and the facts that its sentence needs.
"""

from datetime import datetime

from runbooks.runs.state import PLANNED, Run, Status, approval_ends
from runbooks.vocabulary import Actor, InDoubt, Refused, Waiting


def of_group(*, groups: frozenset[str], allowed: frozenset[str], doing: str) -> None:
    """The person is in one of the allowed groups, now."""
    if not groups & allowed:
        raise Refused("not-allowed", doing=doing, groups=sorted(allowed))


def still_open(run: Run, doing: str) -> None:
    """The run has not ended, and is not being ended."""
    if run.status is Status.NEW:
        raise Refused("no-such-run", run=run.id)
    if run.status.over or run.status is Status.STOPPING:
        raise Refused(
            "moved-on", status=run.status.value, by=run.ended_by, at=run.ended_at, doing=doing, **_what(run)
        )


def of_this_plan(run: Run, digest: str) -> None:
    """The button was drawn for the plan that stands now."""
    if digest != run.approvable:
        raise Refused("plan-changed", run=run.id, difference=[*run.difference, *run.gaps])


def of_this_question(run: Run, step: str, epoch: int | None) -> None:
    """The button was drawn for what the step asks now, not for an earlier time that it asked the same."""
    asked = run.steps.get(step)
    waits = asked is not None and isinstance(asked.outcome, Waiting | InDoubt)
    if epoch is not None and asked is not None and waits and asked.epoch != epoch:
        raise Refused("not-offered", run=run.id, step=step)


def somebody_else(run: Run, by: Actor) -> None:
    """The requester's approval never counts, and nobody counts twice."""
    if by == run.requester:
        raise Refused("own-request", run=run.id, command=run.command, group=run.quorum.group if run.quorum else "")
    if any(approval.by == by for approval in run.agreed):
        raise Refused("approved-already", run=run.id, wanted=run.approvals_wanted)


def _what(run: Run) -> dict[str, str]:
    """What the run is, in words that ask for it again."""
    place = {"service": run.service, "environment": run.environment}
    command = f"{PLANNED} {run.command}" if run.planned else run.command
    return {**run.parameters, "run": run.id, "command": command, "version": run.version, **place}


def in_time(run: Run, now: datetime) -> None:
    """The wait for approvals is not over, though nobody may have ended the run yet."""
    if (ends := approval_ends(run)) is not None and ends <= now:
        raise Refused("too-late", at=ends, **_what(run))


def wants_approval(run: Run) -> None:
    """The run is waiting for approvals just now."""
    if not run.waits_for_approval:
        raise Refused("no-approval-wanted", run=run.id)
