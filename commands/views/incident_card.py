"""An incident's card: what happened, the way back, who works on it, and the timeline; always current."""

from collections.abc import Iterator, Sequence

from commands.views import words
from commands.views.blocks import Block, actions, button, context, fitted, header, paragraphs, section
from commands.views.finding_card import to_do, way_back_button, way_back_lines
from commands.views.incident_follow_up import follow_up_buttons, follow_up_lines
from commands.views.rollback_words import how_it_ended
from commands.views.suspects import suspects_blocks
from runbooks.incidents.findings import Finding
from runbooks.incidents.in_slack import Slack
from runbooks.incidents.incident import Entry, Incident
from runbooks.releases.state import Release

TAKE_LEAD = "Take the lead"
_LINE, _LINES, _ENTRY, _ENTRIES = 900, 8, 300, 20  # characters and how many, of what happened and of the timeline


def incident_text(incident: Incident) -> str:
    """The one-line form, for notifications."""
    return words.line(
        f"{incident.severity} {incident.title} · {incident.service} {incident.environment} · {incident.id}"
    )


def incident_card(incident: Incident, findings: Sequence[Finding], release: Release) -> list[Block]:
    """The whole card. `findings`: those of the incident, oldest first."""
    place = f"*{words.line(incident.service, 90)} {words.line(incident.environment, 90)}*"
    opened = f"opened by {words.person(incident.opened_by)} {words.at(incident.opened_at)}"
    start = [
        header(f"{incident.severity} · {incident.title}"),
        context(" · ".join([place, incident.id, opened, *_runs(incident, findings)])),
        *paragraphs([words.safe(line, _LINE) for line in incident.what[:_LINES] if line]),
        *suspects_blocks(next((each.suspects for each in findings if each.suspects), None)),
    ]
    end = [*_now(incident, findings, release), *_trouble(incident), *_buttons(incident, findings, release)]
    return fitted(start, _timeline(incident), end)


def _runs(incident: Incident, findings: Sequence[Finding]) -> list[str]:
    return [run for run in dict.fromkeys([incident.run, *(finding.run for finding in findings)]) if run]


def _now(incident: Incident, findings: Sequence[Finding], release: Release) -> list[Block]:
    """The way back, who works on it; or how it ended."""
    if (done := incident.resolved) is not None:
        said = f"✅ *Resolved* by {words.person(done.by)} {words.at(done.at)}: {words.line(done.text, _LINE)}"
        return [section("\n".join([said, *follow_up_lines(incident)])), *_lessons(incident)]
    lines = [line for finding in findings[-1:] for line in way_back_lines(finding, release)]
    lines += [f"*Do:* {said}" for finding in findings[-1:] if (said := to_do(finding, incident))]
    return [section("\n".join([*lines, *_people(incident), *follow_up_lines(incident)]))]


def _people(incident: Incident) -> Iterator[str]:
    """Who leads, and who else works on it."""
    led = f"{words.person(incident.lead)}, since {words.clock(incident.lead_at)}" if incident.lead else ""
    yield f"*Leads:* {led or f'nobody yet: “{TAKE_LEAD}” makes it you'}"
    if others := [each for each in incident.workers if each != incident.lead]:
        yield f"*Works on it:* {words.people(others)}"


def _lessons(incident: Incident) -> list[Block]:
    lessons = incident.lessons
    if lessons is None:
        return []
    return [context(f"📘 Lessons: {words.person(lessons.owner)} sees to the change until {lessons.due:%-d %b %Y}")]


def lessons_blocks(incident: Incident) -> list[Block]:
    """What was learned, as it is told in the channel."""
    lessons = incident.lessons
    assert lessons is not None  # noqa: S101  # asked by its callers
    parts = {
        "What happened": lessons.happened,
        "What helped": lessons.helped,
        "What is to change": lessons.change,
    }
    said = [f"*{title}*\n{words.safe(text, 2800)}" for title, text in parts.items()]
    due = f"{words.person(lessons.owner)} sees to it until {lessons.due:%-d %b %Y}"
    return [section(f"📘 *Lessons of {incident.id}*"), *map(section, said), context(due)]


def _timeline(incident: Incident) -> list[Block]:
    """The events, oldest first; the first ones are left out where there are too many."""
    shown = incident.entries[-_ENTRIES:]
    more = len(incident.entries) - len(shown)
    start = ["*Timeline*", *([f"{more} earlier"] if more else [])]
    return paragraphs([*start, *(line for entry in shown if (line := _entry(entry, incident)))])


def _entry(entry: Entry, incident: Incident) -> str:
    who, text = words.person(entry.by), words.line(entry.text, _ENTRY)
    said = {
        "opened": f"Opened: {text}",
        "joined": f"Also: {text}",
        "taken-on": f"{who} takes it on",
        "lead-taken": f"{who} leads",
        "way-back-began": f"{who}: {text}",
        "updated": f"{who}: {text}",
        "resolved": f"{who} resolved it: {text}",
        "lessons-written": f"{who} wrote the lessons",
        "follow-up-opened": f"To do: {text}",
        "follow-up-taken": f"{who} investigates",
        "follow-up-done": f"{who} found: {text}",
        "way-back-ended": how_it_ended(entry.way_back, incident.environment) if entry.way_back else "",
    }.get(entry.what, "")
    return f"{words.clock(entry.at)}{words.INDENT}{said}" if said else ""


def _trouble(incident: Incident) -> list[Block]:
    """What Slack refused, each in a sentence."""
    return [context(f"⚠️ {said}") for said in _refused(incident)]


def _refused(incident: Incident) -> Iterator[str]:
    says = {
        Slack.CREATE: "Slack did not make a channel for it ({}), so it is worked on here.",
        Slack.INVITE: "Slack did not invite the people it concerns ({}): invite them by hand.",
        Slack.PIN: "Slack did not pin this card ({}): pin it by hand.",
    }
    for asked, why in incident.refusals.items():
        yield says[asked].format(f"“{words.line(why, 60)}”")
    if incident.lost:
        name = words.line(incident.channel_name, 90)
        yield f"Its channel #{name} {_LOST.get(incident.lost, 'is gone')}, so it is worked on here."


_LOST = {
    "is_archived": "was archived",
    "is_inactive": "was archived",
    "channel_not_found": "is gone",
    "not_in_channel": "no longer has Opsbot in it",
}


def _buttons(incident: Incident, findings: Sequence[Finding], release: Release) -> list[Block]:
    if incident.resolved is not None:
        return actions(*follow_up_buttons(incident))
    back = [each for finding in findings[-1:] for each in way_back_button(finding, release)]
    resolve = button("Resolve", "resolve-incident", {"incident": incident.id})
    return actions(*back, _lead_button(incident), *follow_up_buttons(incident), resolve)


def _lead_button(incident: Incident) -> Block:
    """One click to lead, or to take over from whom the card shows."""
    value = {"incident": incident.id, "from": incident.lead or ""}
    return button("Take over the lead" if incident.lead else TAKE_LEAD, "lead", value)


def told(incident: Incident) -> list[tuple[str, str, list[Block]]]:
    """What is told in its channel anew, since an edit notifies nobody: a name, a text and blocks of each."""
    found: list[tuple[str, str, list[Block]]] = []
    for number, entry in enumerate(incident.entries):
        who, text = words.person(entry.by), words.safe(entry.text, _LINE)
        match entry.what:
            case "updated" | "way-back-began":
                said = f"{who}: {text}"
            case "resolved":
                said = f"✅ {who} resolved {incident.id}: {text}"
            case "lead-taken":
                said = f"🧭 {who} leads"
            case "joined":
                said = f"⚠️ Also: {text}"
            case "follow-up-taken":
                said = f"🔎 {who} investigates"
            case "follow-up-done":
                said = f"🔎 {who} found: {text}"
            case _:
                continue
        found.append((f"told/{number}", said, [section(said)]))
    if incident.lessons is not None:
        times = sum(entry.what == "lessons-written" for entry in incident.entries)
        name = f"lessons/{times}" if times > 1 else "lessons"
        found.append((name, f"Lessons of {incident.id}", lessons_blocks(incident)))
    return found
