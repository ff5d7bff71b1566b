"""How a run ended, and what happens now or is to be done."""

from commands.views import onboarding, words
from commands.views.blocks import Block, divider, section
from commands.views.rollback_words import how_it_ended
from runbooks.automatic_rollback import ran_before
from runbooks.catalogue import Catalogue, OnFailure
from runbooks.releases.state import Release
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, Status
from runbooks.runs.todo import under_way

_REASON = 1500  # characters


def ending(run: Run, release: Release, catalogue: Catalogue) -> list[Block]:
    """The card's last paragraph; nothing while the run goes on."""
    if not run.status.over:
        return [section("⏳ Stopping what is under way")] if run.status is Status.STOPPING else []
    if run.command == "onboard":
        return [divider(), section(onboarding.ending(run))]
    when, who = words.at(run.ended_at), words.person(run.ended_by)
    texts = {
        Status.SUCCEEDED: f"✅ Done {when}",
        Status.FAILED: _failed(run, release, catalogue),
        Status.ABORTED: f"⏹ Aborted by {who} {when}: {_aborted(run, release)}",
        Status.REJECTED: f"⏹ Rejected by {who} {when}. {_unchanged(run, release)}",
        Status.EXPIRED: f"⏹ {_expired(run, release)}",
        Status.SUPERSEDED: f"⏹ Stopped by {who} {when}. {_superseded(run, release)}",
    }
    return [divider(), section(texts[run.status])]


def _place(run: Run) -> str:
    return f"{words.line(run.service, 90)} in {words.line(run.environment, 90)}"


def _to_go_back(run: Run, release: Release) -> str:
    """What to type; or, where somebody went back since, what came of it."""
    if run.way_back is not None and not run.way_back.given_up:
        return f" {how_it_ended(run.way_back, run.environment)}"
    good = run.target if run.command == DRILL else release.known_good
    command = f"/rollback {words.line(run.service, 90)} {words.line(run.environment, 90)}"
    if good and good != release.known_good:
        command += f" to {words.line(good.version, 90)}"
    return f" To go back to {words.line(good.version, 90)}: `{command}`." if good else ""


def _asks(run: Run, release: Release, before: tuple[str, ...]) -> str:
    """People had left the last known good: they say which of the two it is."""
    assert release.known_good is not None  # noqa: S101  # asked by its caller
    good, left = words.line(release.known_good.version, 90), words.both(before)
    said = f"{left} ran before, and the last known good is {good}, so nothing goes back by itself."
    known = release.find(before[0]) if len(before) == 1 else None
    place = f"{words.line(run.service, 90)} {words.line(run.environment, 90)}"
    other = f" To go back to {left}: `/rollback {place} to {left}`." if known else ""
    return f"{said}{_to_go_back(run, release)}{other}"


def _aborted(run: Run, release: Release) -> str:
    """What an abort ended, what stays, and how to go back."""
    clause = _ended_by_it(run)
    if run.untouched and not run.changed and not _behind(run):
        return f"{clause}, nor was anything else."
    if not run.changed:
        return f"{clause}. {_unchanged(run, release)}"
    if not run.carried_out:
        return f"{clause}. What was changed before stays.{_to_go_back(run, release)}"
    if run.supplanted:
        place = words.line(run.environment, 90)
        return f"{clause}. {place} was changed by something else since: nothing is left of it."
    runs = f"{words.line(run.environment, 90)} runs {words.line(run.version, 90)}"
    if run.command == DRILL and run.target:
        back = f"{words.line(run.environment, 90)} runs {words.line(run.target.version, 90)}"
        return f"{clause}. {back} again; only lines for people were left."
    if run.command == "rollback":
        return f"{clause}. {runs} again; only lines for people were left."
    return f"{clause}. Every change was made: {runs}, which is not recorded as good.{_to_go_back(run, release)}"


def _ended_by_it(run: Run) -> str:
    """What the step that was cut off left, or that nothing was cut off."""
    if run.reason:
        return words.safe(run.reason, _REASON).rstrip(".")
    step = under_way(run)
    return f"“{words.short(step.title)}” was under way" if step else "nothing was under way"


def _unchanged(run: Run, release: Release) -> str:
    """Of a rollback it is not enough: what it was to take back stands."""
    if not (behind := _behind(run)):
        return "Nothing was changed."
    stands = f"{words.line(run.environment, 90)} stands as {behind} left it"
    return f"This rollback changed nothing: {stands}.{_to_go_back(run, release)}"


def _behind(run: Run) -> str:
    """The runs that a rollback was to take back."""
    return ", ".join(name for name in (run.because, *run.supersedes) if name)


def _expired(run: Run, release: Release) -> str:
    """The run's own sentence; a rollback that was to take something back has more to say."""
    if not _behind(run):
        return words.safe(run.reason, _REASON)
    return f"Nobody approved it in time. {_unchanged(run, release)}"


def _superseded(run: Run, release: Release) -> str:
    if run.way_back is None:
        return f"{run.successor} rolls {_place(run)} back."
    return _came_of(run, release)


def _came_of(run: Run, release: Release) -> str:
    """What came of the rollback that was to take this run's changes back."""
    assert run.way_back is not None  # noqa: S101  # asked by its callers
    if not run.way_back.given_up:
        return _to_go_back(run, release).lstrip()
    return f"{how_it_ended(run.way_back, run.environment)}{_to_go_back(run, release)}"


def _failed(run: Run, release: Release, catalogue: Catalogue) -> str:
    """Where it failed, and what now; the step's own line says why. Of a plan's fault only this tells the reason."""
    if run.failed_step == "" or run.plan is None:
        return f"❌ {words.safe(run.reason, _REASON)} {_next(run, release, catalogue)}"
    title = words.short(run.plan.step(run.failed_step).title)
    return f"❌ Failed at “{title}” {words.at(run.ended_at)}. {_next(run, release, catalogue)}"


def _next(run: Run, release: Release, catalogue: Catalogue) -> str:
    """What happens now, or what to do."""
    if run.way_back is not None:
        return _came_of(run, release)
    if run.command == "rollback" and (run.changed or not run.planned):
        return "Nothing goes on by itself: the lines above say what was done. Restore the rest by hand."
    if not run.changed:
        return "Nothing was changed."
    if release.known_good is None:
        return "It does not go back by itself, and no last known good is recorded: deploy a version that you trust."
    if not run.roll_back:
        return f"It does not go back by itself.{_to_go_back(run, release)}"
    if before := ran_before(run, release):
        return _asks(run, release, before)
    if (place := catalogue.place(run.service, run.environment)) is None:
        return "It does not go back by itself: look at what stands there."
    good = run.target if run.command == DRILL and run.target else release.known_good
    to = words.line(good.version, 90)
    if place.on_failure is OnFailure.ROLLBACK:
        return f"R-{run.id.partition('-')[2]} takes {run.environment} back to {to}."
    return _to_go_back(run, release).lstrip()
