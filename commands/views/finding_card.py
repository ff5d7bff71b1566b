"""A finding in its severity's channel: what happened, what it means, what to do, and the way back in one click."""

from commands.views import words
from commands.views.blocks import Block, actions, button, context, header, section
from runbooks.incidents.findings import Finding
from runbooks.releases.state import Release
from runbooks.runs.state import Run


def finding_text(finding: Finding) -> str:
    """The one-line form, for notifications."""
    where = f"{finding.service} {finding.environment}"
    return f"{finding.severity} {finding.title} · {where} · {finding.run}"


def finding_card(finding: Finding, release: Release, run: Run) -> list[Block]:
    """The message; edited when somebody acknowledges it."""
    where = f"{words.safe(finding.service)} {words.safe(finding.environment)}"
    what = "\n".join(words.safe(line, 1500) for line in finding.what)
    blocks = [
        header(f"{finding.severity}  {finding.title}"),
        context(f"{where} · {finding.run} · {words.safe(run.version)} · asked by {words.person(run.requester)}"),
        section(what),
        section(f"*Do:* {words.safe(finding.action)}{_by_itself(finding, release)}"),
    ]
    if finding.acknowledged_by is not None:
        seen = f"☑️ Acknowledged by {words.person(finding.acknowledged_by)} {words.clock(finding.acknowledged_at)}"
        blocks.append(context(seen))
    return [*blocks, *_buttons(finding, release)]


def _by_itself(finding: Finding, release: Release) -> str:
    if not finding.rolls_back:
        return ""
    to = words.safe(release.known_good.version) if release.known_good else "the last known good"
    return f"\nThe rollback to {to} has started by itself: {finding.rolls_back}."


def _buttons(finding: Finding, release: Release) -> list[Block]:
    back = []
    if finding.offers_rollback and release.known_good:
        place = {"service": finding.service, "environment": finding.environment, "version": ""}
        back = [button(f"Roll back to {release.known_good.version}", "ask-rollback", place, "primary")]
    taken = finding.acknowledged_by is not None
    take = [] if taken else [button("Acknowledge", "acknowledge", {"finding": finding.id})]
    return actions(*back, *take)
