"""The first two lines of a run's card: what it is, how bad, from what to what, who asked."""

from commands.views import drills, onboarding, words
from commands.views.clock import in_all
from commands.views.held import held_since
from runbooks.engine.locks import heeds
from runbooks.releases.state import Release
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Severity


def title(run: Run) -> str:
    """The card's first line; it changes with the run's end."""
    if run.command == "onboard":
        return onboarding.title(run)
    if run.command == DRILL:
        return drills.title(run)
    place = f"{run.service} to {run.environment}"
    doing, what = ("Deploy", place) if run.command == "deploy" else ("Rollback", _back(run))
    if run.command == "rollback" and run.stands and run.status is not Status.ABORTED:
        return f"Rolled back {what}{in_all(run)}"
    if run.status is Status.SUCCEEDED:
        return f"Deployed {place}"
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
    if run.command == DRILL:
        return drills.versions(run)
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
    lock, place = release.stops, f"{words.line(run.service, 90)} {words.line(run.environment, 90)}"
    if lock is None or not heeds(run):
        return ""
    if lock.run:
        return (
            f"🔒 Deploys are held: {held_since(lock)}. "
            f"Nothing changes before `/deploy unlock {place} REASON`; then it goes on by itself."
        )
    unlock = f"`/deploy unlock {place}`"
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
