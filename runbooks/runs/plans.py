"""How two plans differ, in lines for the card, and what was done under the one that counts under the other."""

from collections.abc import Iterable

from runbooks.digests import digest_of
from runbooks.durations import WAY_BACK
from runbooks.vocabulary import Plan, PlannedStep, Quorum

_NAMED = 3  # of the steps that are to be done again


def difference(before: Plan, after: Plan) -> tuple[str, ...]:
    """What the new plan does otherwise, a line each; never empty for plans of different digests."""
    old, new = {s.id: s for s in before.steps}, {s.id: s for s in after.steps}
    lines = [f"commit {before.commit[:7]} is now {after.commit[:7]}"] if before.commit != after.commit else []
    lines += [f"{new[i].title}: added" for i in new if i not in old]
    lines += [f"{old[i].title}: no longer in the plan" for i in old if i not in new]
    for step_id in (i for i in new if i in old and old[i] != new[i]):
        was, now = " · ".join(old[step_id].shows), " · ".join(new[step_id].shows)
        lines.append(f"{new[step_id].title}: {was} → {now}" if was != now else f"{new[step_id].title}: changed")
    if before.quorum != after.quorum:
        lines.append(_wanted(before.quorum, after.quorum))
    return tuple(lines or ["the runbook's text has changed"])


def _wanted(before: Quorum | None, after: Quorum | None) -> str:
    """Whose approvals are wanted now."""
    if after is None:
        return "no approvals are wanted any more"
    many = f"{after.count} approval{'s' if after.count > 1 else ''} of {after.group}"
    be = "are" if after.count > 1 else "is"
    return f"{many} {be} wanted, not {f'{before.count} of {before.group}' if before else 'none'}"


def too_slow(steps: Iterable[PlannedStep]) -> int | None:
    """How many seconds the way back takes, where that is over the five minutes; None where it is not, or not known.

    Such a plan needs one more approver.
    """
    takes = max((step.takes for step in steps if step.takes is not None), default=0)
    return takes if takes > WAY_BACK.total_seconds() else None


def still_counts(before: Plan, after: Plan) -> tuple[str, ...]:
    """The steps whose outcomes, people's ticks included, are as good under the new plan.

    The same step of the same commit; a gate that was passed under the old plan is closed again.
    """
    if before.commit != after.commit:
        return ()
    old = {step.id: digest_of(step.does) for step in before.steps}  # as digests: a stored plan's tuples are lists
    return tuple(s.id for s in after.steps if s.uses != "approve" and old.get(s.id) == digest_of(s.does))


def again(steps: Iterable[PlannedStep]) -> tuple[str, ...]:
    """The line that names what is to be done again; none where nothing is."""
    titles = [step.title for step in steps if step.uses != "approve"]
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return (f"to be done again: {', '.join(titles[:_NAMED])}{more}",) if titles else ()
