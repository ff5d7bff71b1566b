"""The private confirmation before an emergency rollback: what comes back, what does not, who is stopped."""

from commands.views import words
from commands.views.blocks import Block, actions, button, section
from runbooks.catalogue import Approval
from runbooks.engine.gestures import target_digest
from runbooks.releases.state import Release
from runbooks.vocabulary import KnownGood


def confirm_rollback(
    release: Release, target: KnownGood, lines: list[str], running: list[str], *, quorum: Approval, version: str
) -> list[Block]:
    """The question, its facts, and the button; the click carries the digest of what was shown."""
    last = target == release.known_good
    since = f", last known good since {words.day(target.at)}" if last else ""
    place = f"{words.safe(release.service)} {words.safe(release.environment)}"
    question = f"*Roll back {place} to {words.safe(target.version)}* `{target.commit[:7]}`{since}?"
    facts = [words.safe(line) for line in lines]
    if running:
        facts.append(f"{', '.join(running)} will be stopped first, before its next step")
    if not last:
        facts.append(
            f"This is not the last known good: it needs {words.count(quorum.count, 'approval')} of @{quorum.group}"
        )
    value = {
        "service": release.service,
        "environment": release.environment,
        "version": version,
        "shown": target_digest(target),
    }
    return [
        section(question + "\n" + "\n".join(facts)),
        *actions(button("Roll back now", "roll-back", value, "danger"), button("Cancel", "cancel", {})),
    ]
