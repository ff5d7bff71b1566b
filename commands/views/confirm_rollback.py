"""The private confirmation before an emergency rollback: what comes back, what does not, who is stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.views import words
from commands.views.blocks import Block, actions, button, paragraphs
from runbooks.catalogue import Approval
from runbooks.engine.starts import shown_digest
from runbooks.releases.state import Release
from runbooks.vocabulary import KnownGood

_LINE, _MOST = 400, 12  # characters of a fact; facts
_SEEN = 100  # changes of others that fit on a button; those that don't are asked about again


@dataclass(frozen=True)
class Asked:
    """What was asked for, and by which gesture (Slack's id of it)."""

    version: str  # "" is the last known good
    gesture: str
    seen: tuple[str, ...] = ()  # changes of others, by key, that the lines say it overwrites


def confirm_rollback(
    release: Release,
    target: KnownGood,
    lines: Sequence[str],
    running: list[str],
    *,
    quorum: Approval,
    asked: Asked,
) -> list[Block]:
    """The question, its facts, and the button; the click carries the digest of what was shown.

    It carries the gesture that asked, too: however often the button is clicked, it counts once.
    """
    facts = [words.bold_label(words.line(line, _LINE)) for line in lines[:_MOST]]
    facts += [f"{len(lines) - _MOST} facts more"] if len(lines) > _MOST else []
    if running:
        facts.append(f"{', '.join(running)} will be stopped first, before its next step")
    if target != release.known_good:
        facts.append(_approval(release, quorum))
    value = {
        "service": release.service,
        "environment": release.environment,
        "version": asked.version,
        "shown": shown_digest(release, target),
        "asked": asked.gesture,
        "seen": " ".join(asked.seen[:_SEEN]),
    }
    return [
        *paragraphs([_question(release, target), *_bullets(facts)]),
        *actions(button("Roll back now", "roll-back", value, "primary"), button("Cancel", "cancel", {})),
    ]


def _question(release: Release, target: KnownGood) -> str:
    place = f"{words.line(release.service, 90)} {words.line(release.environment, 90)}"
    since = f", last known good since {words.moment(target.at)}" if target == release.known_good else ""
    return f"*Roll back {place} to {words.line(target.version, 90)}* {words.commit(target.commit)}{since}?"


def _bullets(facts: Sequence[str]) -> list[str]:
    return [f"• {fact}" for fact in facts]


def _approval(release: Release, quorum: Approval) -> str:
    good = words.line(release.known_good.version, 90) if release.known_good else "not recorded"
    wanted = words.count(quorum.count, "approval")
    return f"It needs {wanted} of @{words.safe(quorum.group)}, since it is not the last known good, which is {good}"
