"""How two plans differ, in lines for the card."""

from runbooks.vocabulary import Plan


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
        lines.append("who must approve has changed")
    return tuple(lines or ["the runbook's text has changed"])
