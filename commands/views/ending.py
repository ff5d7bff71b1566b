"""How a run ended, and what happens now or is to be done."""

from commands.views import words
from commands.views.blocks import Block, divider, section
from runbooks.catalogue import Catalogue, OnFailure
from runbooks.releases.state import Release
from runbooks.runs.state import Run, Status

_REASON = 1500  # characters


def ending(run: Run, release: Release, catalogue: Catalogue) -> list[Block]:
    """The card's last paragraph; nothing while the run goes on."""
    if not run.status.over:
        return [section("⏳ Stopping what is under way")] if run.status is Status.STOPPING else []
    when, who = words.at(run.ended_at), words.person(run.ended_by)
    texts = {
        Status.SUCCEEDED: f"✅ Done {when}",
        Status.FAILED: _failed(run, release, catalogue),
        Status.ABORTED: f"⏹ Aborted by {who} {when}: {_left(run, release)}",
        Status.REJECTED: f"⏹ Rejected by {who} {when}. Nothing was changed.",
        Status.EXPIRED: f"⏹ {words.safe(run.reason, _REASON)}",
        Status.SUPERSEDED: f"⏹ Stopped by {who} {when}. {run.successor} rolls {_place(run)} back.",
    }
    return [divider(), section(texts[run.status])]


def _place(run: Run) -> str:
    return f"{words.line(run.service, 90)} in {words.line(run.environment, 90)}"


def _left(run: Run, release: Release) -> str:
    """What an abort ended, what stays, and how to go back."""
    clause = words.safe(run.reason, _REASON).rstrip(".") or "nothing was under way"
    if not run.changed:
        return f"{clause}. Nothing was changed."
    good = release.known_good
    back = f" To go back to {words.line(good.version, 90)}: `{_rollback(run)}`." if good else ""
    return f"{clause}. What was changed before stays.{back}"


def _rollback(run: Run) -> str:
    return f"/rollback {words.line(run.service, 90)} {words.line(run.environment, 90)}"


def _failed(run: Run, release: Release, catalogue: Catalogue) -> str:
    """Where it failed, and what now; the step's own line says why. Of a plan's fault only this tells the reason."""
    if run.failed_step == "" or run.plan is None:
        said = "Nothing was changed" in run.reason and not run.changed
        return f"❌ {words.safe(run.reason, _REASON)} {'' if said else _next(run, release, catalogue)}".rstrip()
    title = words.short(run.plan.step(run.failed_step).title)
    return f"❌ Failed at “{title}” {words.at(run.ended_at)}. {_next(run, release, catalogue)}"


def _next(run: Run, release: Release, catalogue: Catalogue) -> str:
    """What happens now, or what to do."""
    if run.command == "rollback":
        return "It does not go on by itself: look at what stands where, and act by hand."
    if not run.changed:
        return "Nothing was changed."
    if not run.roll_back or release.known_good is None:
        return "It does not go back by itself."
    service = catalogue.services.get(run.service)
    place = service.environments.get(run.environment) if service else None
    to = words.line(release.known_good.version, 90)
    if place is not None and place.on_failure is OnFailure.ROLLBACK:
        return f"R-{run.id.partition('-')[2]} takes {run.environment} back to {to}."
    return f"To go back to {to}: `/rollback {run.service} {run.environment}`."
