"""An incident's follow-up: who finds out, the buttons to take it on and to end it, and the form of what was found."""

from typing import Any

from commands.views import words
from commands.views.blocks import Block, button
from commands.views.lessons_form import field, modal
from commands.views.sent import form_of
from runbooks.incidents.incident import Incident
from runbooks.vocabulary import OPSBOT, Actor

SUBMITTED = "found-form"
FOUND = "found"
_TEXT = 600  # characters


def follow_up_lines(incident: Incident | None) -> list[str]:
    """What is to be found out and by whom, or what was found; nothing where it has no follow-up."""
    follow_up = incident.follow_up if incident is not None else None
    if incident is None or follow_up is None:
        return []
    what, open_still = words.line(follow_up.text), " · still open" if incident.resolved is not None else ""
    if not follow_up.open:
        who = f"{words.person(follow_up.found_by)} {words.at(follow_up.found_at)}"
        return [f"🔎 *{what}:* found by {who}: {words.line(follow_up.found, _TEXT)}"]
    if follow_up.owner is not None:
        return [f"🔎 *{what}:* {words.person(follow_up.owner)}, since {words.clock(follow_up.owned_at)}{open_still}"]
    return [f"🔎 *{what}:* nobody yet{_proposed(incident)}{open_still}"]


def _proposed(incident: Incident) -> str:
    """Who asked for the run knows best what came with it."""
    follow_up, who = incident.follow_up, incident.requester
    if follow_up is None or who in (None, OPSBOT):
        return ""
    return f", perhaps {words.person(who)}, who asked for {words.line(follow_up.finding.partition('.')[0], 40)}"


def follow_up_for(me: Actor, incident: Incident) -> str:
    """The line for whoever sees to it, or might; "" for anybody else."""
    follow_up = incident.to_find_out
    if follow_up is None or (follow_up.owner or incident.requester) != me:
        return ""
    place = words.line(f"{incident.service} {incident.environment}", 180)
    yours = "which you took on" if follow_up.owner else "which nobody has yet"
    return f"🔎 *{incident.id}* {place}: {words.line(follow_up.text)}, {yours}"


def follow_up_buttons(incident: Incident | None) -> list[Block]:
    """One click to take it on, or over from whom the card shows; one to say what was found."""
    follow_up = incident.to_find_out if incident is not None else None
    if incident is None or follow_up is None:
        return []
    value = {"incident": incident.id, "from": follow_up.owner or ""}
    if follow_up.owner is None:
        return [button("I investigate", "investigate", value)]
    return [
        button("Say what was found", "say-found", {"incident": incident.id}),
        button("Take over the investigation", "investigate", value),
    ]


def found_form(incident: Incident) -> Block:
    """The view that asks what was found."""
    follow_up = incident.follow_up
    label = f"{follow_up.text}: what was found" if follow_up else "What was found"
    labels = {"title": f"What was found, {incident.id}", "submit": "Close it", "close": "Cancel"}
    return modal(SUBMITTED, labels, kept={"incident": incident.id}, blocks=[field(FOUND, label)])


def found_in(view: Any) -> tuple[str, str]:
    """The incident and what the submitted view says, "" for nothing. Raises NotUnderstood."""
    sent = form_of(view)
    return sent.named("incident"), sent.said.get(FOUND, "")
