"""The first two lines of a run's card: what it is, how bad, from what to what, who asked."""

from commands.views import onboarding, words
from runbooks.engine.locks import heeds
from runbooks.releases.state import Release
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Severity


def title(run: Run) -> str:
    """The card's first line; it changes with the run's end."""
    if run.command == "onboard":
        return onboarding.title(run)
    place = f"{run.service} to {run.environment}"
    doing, what = ("Deploy", place) if run.command == "deploy" else ("Rollback", _back(run))
    if run.status is Status.SUCCEEDED:
        return f"Deployed {place}" if run.command == "deploy" else f"Rolled back {what}{_in_all(run)}"
    if run.status is Status.FAILED and run.plan is None:
        return f"Not started: {doing.lower()} of {what}"
    if run.status.over:
        return f"{doing} {_ENDS[run.status]}: {what}"
    return f"Deploy {place}" if run.command == "deploy" else f"Roll back {what}"


_ENDS = {
    Status.FAILED: "failed",
    Status.ABORTED: "aborted",
    Status.REJECTED: "rejected",
    Status.EXPIRED: "not approved in time",
    Status.SUPERSEDED: "stopped",
}


def _back(run: Run) -> str:
    return f"{run.service} {run.environment} to {run.version}"


def _in_all(run: Run) -> str:
    """How long it took from the request until production was seen to be healthy, where nobody had to approve."""
    steps = run.plan.steps if run.plan else ()
    seen = [run.steps[s.id].recorded_at for s in steps if s.uses == "http.health" and s.id in run.steps]
    healthy = max((at for at in seen if at), default=None)
    return f" in {words.span(healthy - run.requested_at)}" if healthy and run.requested_at and not run.quorum else ""


def subtitle(run: Run, release: Release) -> str:
    """How bad, what from, what to, who asked and when."""
    asked = f"asked by {words.person(run.requester)} {words.at(run.requested_at)}"
    if run.because:
        asked = f"since {run.because} failed {words.at(run.requested_at)}"
    name = f"{run.id} · planned" if run.planned else run.id
    return f"*{severity(run)}* · {name} · {_versions(run, release)} · {asked}"


def severity(run: Run) -> str:
    """What the document says (S3 where it says nothing, the branch's default); no less than S2 after a change failed.

    Before the plan stands, an emergency rollback is an S2.
    """
    planned = run.plan.severity if run.plan else None
    said = planned or (Severity.S2 if run.command == "rollback" and not run.planned else Severity.S3)
    given_up = run.status.given_up and not run.supplanted
    left_changed = run.changed and run.command != "onboard" and (run.status is Status.FAILED or given_up)
    return min(said, Severity.S2) if left_changed else said


def _versions(run: Run, release: Release) -> str:
    to = f"*{words.line(run.version, 90)}*"
    if run.plan and run.plan.commit:
        to += f" {words.commit(run.plan.commit)}"
    runs = run.plan.runs if run.plan else ()
    if run.status is Status.SUCCEEDED or run.command == "rollback" or not runs:
        return to
    if runs == (run.version,):
        return f"{to}, which {'ran' if run.changed or run.status.over else 'runs'} already"
    return f"{words.both(runs)}{_commit(runs, release)} → {to}"


def _commit(runs: tuple[str, ...], release: Release) -> str:
    """The commit of what runs, where it is the last known good: of anything else only its tag is known."""
    good = release.known_good
    return f" {words.commit(good.commit)}" if good and runs == (good.version,) else ""


def locked(run: Run, release: Release) -> str:
    """Which lock keeps the deploy from changing anything, and what ends it; "" where none does."""
    if release.lock is None or not heeds(run):
        return ""
    lock, unlock = release.lock, f"`/deploy unlock {words.line(run.service, 90)} {words.line(run.environment, 90)}`"
    return (
        f"🔒 Locked by {words.person(lock.by)} {words.at(lock.at)}: “{words.line(lock.reason, 300)}”. "
        f"Nothing changes before {unlock}; then it goes on by itself."
    )


def standing(run: Run, release: Release) -> str:
    """What ran when a deploy was planned beside the last known good, where they differ; "" where they do not."""
    good, runs = release.known_good, run.plan.runs if run.plan else ()
    if run.command != "deploy" or run.plan is None or run.status.over or good is None or runs == (good.version,):
        return ""
    back = f"ast known good {words.line(good.version, 90)} {words.commit(good.commit)}"
    if not runs:
        return f"L{back}"
    verb = "ran before" if run.changed else "runs now" if len(runs) == 1 else "run now"
    return f"{words.both(runs)} {verb}; l{back}"
