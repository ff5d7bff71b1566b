"""A finding in its severity's channel: what happened, what it means, what to do, and the way back in one click."""

from commands.views import words
from commands.views.blocks import Block, actions, button, context, fitted, header, paragraphs, section
from commands.views.incident_follow_up import follow_up_buttons, follow_up_lines
from commands.views.incident_words import people_s, reference
from commands.views.rollback_words import how_it_ended
from commands.views.suspects import suspects_blocks
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.releases.state import Release
from runbooks.runs.state import Run, Status

_LINE, _MOST = 900, 8  # characters of a line; lines


def finding_text(finding: Finding) -> str:
    """The one-line form, for notifications."""
    where = f"{finding.service} {finding.environment}"
    return words.line(f"{finding.severity} {finding.title} · {where} · {number(finding)}")


def number(finding: Finding) -> str:
    """What people call it by: its run, else the number that it has of its own."""
    return finding.run or finding.id.partition(".")[0]


def finding_card(finding: Finding, release: Release, run: Run, incident: Incident | None = None) -> list[Block]:
    """The message; edited when somebody acknowledges it, it is mended, or its rollback or its incident moves on."""
    where = f"*{words.line(finding.service, 90)} {words.line(finding.environment, 90)}*"
    start = [
        header(f"{finding.severity} · {finding.title}"),
        context(
            " · ".join([where, number(finding), *([words.line(run.version, 90), _asked(run)] if run.service else [])])
        ),
    ]
    do = words.INDENT.join([f"*Do:* {to_do(finding, incident)}", *([reference(incident)] if incident else [])])
    lines = [*_by_itself(finding, release), do, *_by_the_button(finding, release), *follow_up_lines(incident)]
    end = [section("\n".join(lines))]
    if finding.mended:
        end = [section(f"✅ {words.safe(finding.mended)}  {words.moment(finding.mended_at)}")]
    if finding.acknowledged_by is not None:
        seen = f"☑️ Acknowledged by {words.person(finding.acknowledged_by)} {words.at(finding.acknowledged_at)}"
        end.append(context(seen))
    what = [*_what(finding, run), *suspects_blocks(finding.suspects)]
    return fitted(start, what, [*end, *_buttons(finding, release, incident)])


def _asked(run: Run) -> str:
    if run.because:
        return f"since {run.because} failed {words.at(run.requested_at)}"
    return f"asked by {words.person(run.requester)} {words.at(run.requested_at)}"


def _what(finding: Finding, run: Run) -> list[Block]:
    """Who ended it, where a person did; then the sentences that say what happened and what it means."""
    found = [words.safe(line, _LINE) for line in finding.what[:_MOST] if line]
    return paragraphs([*_who(run), *found])


def _who(run: Run) -> list[str]:
    if run.status is Status.EXPIRED:
        return ["Nobody approved it in time."]
    if run.status.given_up:
        return [f"{run.status.value.capitalize()} by {words.person(run.ended_by)} {words.at(run.ended_at)}."]
    return []


def to_do(finding: Finding, incident: Incident | None = None) -> str:
    """The table's action where people must act; else what is left of it for them."""
    back, left = finding.way_back, people_s(finding.besides, incident)
    besides = f" {words.safe(left)}" if left else ""
    if finding.rolls_back and (back is None or back.successor):
        return f"Watch {finding.rolls_back}.{besides}"
    if back is not None and back.stands:
        return besides.strip() or _when_over(incident)
    if back is not None and not back.given_up:
        return f"Restore by hand.{besides}"
    return words.safe(people_s(finding.action, incident)) or _when_over(incident)


def _when_over(incident: Incident | None) -> str:
    return f"Resolve {incident.id} when it is over." if incident and not incident.resolved else "Nothing more."


def way_back_lines(finding: Finding, release: Release) -> list[str]:
    """What goes back by itself, and what the button does."""
    return [*_by_itself(finding, release), *_by_the_button(finding, release)]


def _by_itself(finding: Finding, release: Release) -> list[str]:
    """The rollback that goes by itself, and what has come of it."""
    to = words.line(release.known_good.version, 90) if release.known_good else "the last known good"
    if finding.way_back is not None:
        return [how_it_ended(finding.way_back, finding.environment)]
    return [f"The rollback to {to} has begun by itself: {finding.rolls_back}."] if finding.rolls_back else []


def _by_the_button(finding: Finding, release: Release) -> list[str]:
    """That nothing goes back by itself, and what the button does."""
    if not _offers(finding):
        return []
    if release.known_good is None:
        return ["Nothing goes back by itself, and no last known good is recorded: deploy a version that you trust."]
    to = words.line(release.known_good.version, 90)
    return [f"Nothing goes back by itself: the button asks once, then {to} comes back."]


def _offers(finding: Finding) -> bool:
    if finding.mended:
        return False
    return finding.offers_rollback if finding.way_back is None else finding.way_back.given_up


def way_back_button(finding: Finding, release: Release) -> list[Block]:
    """The way back, where it is people's to go."""
    if not _offers(finding) or release.known_good is None:
        return []
    named = release.known_good.version if release.taken_back else ""  # another way back must name where it goes
    place = {"service": finding.service, "environment": finding.environment, "version": named}
    return [button(f"Roll back to {release.known_good.version}", "ask-rollback", place, "primary")]


def _buttons(finding: Finding, release: Release, incident: Incident | None) -> list[Block]:
    if finding.mended:
        return []
    value, taken = {"finding": finding.id}, finding.acknowledged_by is not None
    take = [] if taken else [button("Acknowledge", "acknowledge", value)]
    opening = [] if finding.incident else [button("Open incident", "open-incident", value)]
    return actions(*way_back_button(finding, release), *take, *follow_up_buttons(incident), *opening)
