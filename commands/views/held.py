"""What keeps deploys out, as a line; under a rollback's card the button that releases them, and the form it opens."""

from collections.abc import Iterator
from typing import Any

from commands.views import words
from commands.views.blocks import Block, actions, button, section
from commands.views.lessons_form import field, modal
from commands.views.sent import form_of
from runbooks.releases.state import Lock, Release
from runbooks.runs.state import Run

RELEASE, SUBMITTED, REASON = "release-deploys", "release-deploys-form", "reason"
_WHY = 300  # characters


def held_since(lock: Lock) -> str:
    """What they are held for, and since when: "R-12 took production back to v41, at 10:21"."""
    return f"{words.line(lock.reason, _WHY)}, {words.at(lock.at)}"


def kept_out(release: Release) -> Iterator[str]:
    """A line for a person's lock, and one for the hold after a rollback."""
    if (lock := release.lock) is not None:
        why = words.line(lock.reason, 200)
        yield f"⏸ deploys locked by {words.person(lock.by)} {words.at(lock.at)}: “{why}”"
    if release.hold is not None:
        yield f"⏸ deploys held: {held_since(release.hold)}"


def held_blocks(run: Run, release: Release) -> list[Block]:
    """Under the card of the rollback since which deploys are held; who released them, once somebody has."""
    if run.released is not None:
        return [section(_released(run))]
    if release.hold is None or release.hold.run != run.id:
        return []
    value = {"service": run.service, "environment": run.environment, "run": run.id}
    said = f"🔒 Deploys to {words.line(run.environment, 90)} are held until somebody releases them with a reason."
    return [section(said), *actions(button("Release deploys", RELEASE, value))]


def _released(run: Run) -> str:
    assert run.released is not None  # noqa: S101  # asked by its caller
    ended, to = run.released, f"Deploys to {words.line(run.environment, 90)}"
    if ended.successor:
        return f"{to} are held since {words.line(ended.successor, 40)} now; its card releases them."
    why = words.line(ended.reason, _WHY)
    return f"🔓 {to} were released by {words.person(ended.by)} {words.at(ended.at)}: “{why}”"


def release_form(run: str, service: str, environment: str) -> Block:
    """The view that asks why deploys may go on."""
    place = f"{service} {environment}"
    labels = {"title": "Release deploys", "submit": "Release", "close": "Cancel"}
    told = section(
        f"Deploys of {words.line(place, 180)} are held since {words.line(run, 40)}. "
        "The reason is kept, and shown on its card."
    )
    why = field(REASON, f"Why deploys of {place} may go on"[:150])
    return modal(
        SUBMITTED, labels, kept={"run": run, "service": service, "environment": environment}, blocks=[told, why]
    )


def release_in(view: Any) -> tuple[str, str, str, str]:
    """Rollback, service, environment and reason ("" for none) of the submitted view. Raises NotUnderstood."""
    sent = form_of(view)
    return sent.named("run"), sent.named("service"), sent.named("environment"), sent.said.get(REASON, "")
