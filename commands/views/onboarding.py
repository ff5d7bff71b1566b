"""What is said of an onboarding's run where it differs from a deploy's: its title, and how it ended."""

from commands.views import words
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Done

ENDS = {
    Status.FAILED: "failed",
    Status.ABORTED: "aborted",
    Status.REJECTED: "rejected",
    Status.EXPIRED: "not approved in time",
    Status.SUPERSEDED: "stopped",
}


def tenant(run: Run) -> str:
    """Whom it is about."""
    return words.line(run.parameters.get("tenant", "a tenant"), 90)


def title(run: Run) -> str:
    """The card's first line."""
    what = f"{tenant(run)} to {run.service} {run.environment}"
    if not run.status.over:
        return f"Onboard {what}"
    if run.status is Status.SUCCEEDED:
        return f"Onboarded {what}"
    if run.status is Status.FAILED and run.plan is None:
        return f"Not started: onboarding of {what}"
    return f"Onboarding {ENDS[run.status]}: {what}"


def is_live(run: Run) -> bool:
    """Whether this run let the tenant in."""
    steps = run.plan.steps if run.plan else ()
    return any(s.uses == "tenant.go-live" and s.id in run.steps and _done(run, s.id) for s in steps)


def _done(run: Run, step: str) -> bool:
    return isinstance(run.steps[step].outcome, Done)


def ending(run: Run) -> str:
    """The card's last paragraph."""
    when, who = words.at(run.ended_at), words.person(run.ended_by)
    stands = f"{tenant(run)} is live." if is_live(run) else f"{tenant(run)} did not go live."
    match run.status:
        case Status.SUCCEEDED:
            return f"✅ Done {when}. {stands}"
        case Status.FAILED:
            return f"❌ {_failed(run, when)} {stands} {_again(run)}"
        case Status.EXPIRED:
            return f"⏹ Nobody approved it in time. {stands} {_again(run)}"
        case _:
            return f"⏹ {ENDS.get(run.status, 'ended').capitalize()} by {who} {when}. {stands}"


def _failed(run: Run, when: str) -> str:
    """Where it failed; the step's own line says why. Of a plan's fault only this tells the reason."""
    if run.plan is None or not run.failed_step:
        return words.safe(run.reason, 1500)
    return f"Failed at “{words.short(run.plan.step(run.failed_step).title)}” {when}."


def _again(run: Run) -> str:
    place = f"{words.line(run.service, 90)} {words.line(run.environment, 90)}"
    return f"When it is mended, `/onboard {tenant(run)} {place}` tries all 4 gates again."
