"""A finding in its severity's channel: what happened, what it means, what to do, and the way back in one click."""

from commands.views import words
from commands.views.blocks import Block, actions, button, context, fitted, header, paragraphs, section
from runbooks.incidents.findings import Finding
from runbooks.releases.state import Release
from runbooks.runs.state import Run

_LINE, _MOST = 900, 8  # characters of a line; lines


def finding_text(finding: Finding) -> str:
    """The one-line form, for notifications."""
    where = f"{finding.service} {finding.environment}"
    return words.line(f"{finding.severity} {finding.title} · {where} · {finding.run}")


def finding_card(finding: Finding, release: Release, run: Run) -> list[Block]:
    """The message; edited when somebody acknowledges it."""
    where = f"*{words.line(finding.service, 90)} {words.line(finding.environment, 90)}*"
    asked = f"asked by {words.person(run.requester)} {words.at(run.requested_at)}"
    start = [
        header(f"{finding.severity} · {finding.title}"),
        context(f"{where} · {finding.run} · {words.line(run.version, 90)} · {asked}"),
    ]
    end = [section(f"*Do:* {words.safe(finding.action)}{_by_itself(finding, release)}")]
    if finding.acknowledged_by is not None:
        seen = f"☑️ Acknowledged by {words.person(finding.acknowledged_by)} {words.at(finding.acknowledged_at)}"
        end.append(context(seen))
    return fitted(start, _what(finding), [*end, *_buttons(finding, release)])


def _what(finding: Finding) -> list[Block]:
    """The first line as the sentence that says what happened, the others below it."""
    return paragraphs([words.safe(line, _LINE) for line in finding.what[:_MOST] if line])


def _by_itself(finding: Finding, release: Release) -> str:
    to = words.line(release.known_good.version, 90) if release.known_good else "the last known good"
    if finding.rolls_back:
        return f"\nThe rollback to {to} has begun by itself: {finding.rolls_back}."
    if finding.offers_rollback:
        return f"\nNothing goes back by itself: the button asks once, then {to} comes back."
    return ""


def _buttons(finding: Finding, release: Release) -> list[Block]:
    back = []
    if finding.offers_rollback and release.known_good:
        place = {"service": finding.service, "environment": finding.environment, "version": ""}
        back = [button(f"Roll back to {release.known_good.version}", "ask-rollback", place, "primary")]
    taken = finding.acknowledged_by is not None
    take = [] if taken else [button("Acknowledge", "acknowledge", {"finding": finding.id})]
    return actions(*back, *take)
