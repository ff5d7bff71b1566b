"""An incident in a line: where it is worked on, how it stands, and what is said of it when it is listed."""

from collections.abc import Sequence

from commands.views import words
from commands.views.incident_follow_up import follow_up_lines
from runbooks.incidents.escalations import CREATE_INCIDENT, INVESTIGATE
from runbooks.incidents.in_slack import Slack
from runbooks.incidents.incident import Incident

HELP = "\n".join(
    f"`{typed}`{words.INDENT}{what}"
    for typed, what in {
        "/incident declare SERVICE [ENVIRONMENT] TEXT": "opens one, with a channel of its own; TEXT may begin with "
        "S1 to S4 (S3 unless it does)",
        "/incident update I-7 TEXT": "says how it stands, on its card and in its channel",
        "/incident found I-7 TEXT": "says what its investigation came to, also once it is over",
        "/incident resolve I-7 TEXT": "says that it is over; S1, S2 and the record of a run ask what was learned",
        "/incident list": "those that are open, or still investigated",
        "/incident help": "this",
    }.items()
)
_LINE, _MOST = 120, 25  # characters of a line; incidents of a list


def channel(incident: Incident) -> str:
    """A link to its channel; "" where it has none."""
    return words.channel(incident.channel, incident.channel_name)


def reference(incident: Incident) -> str:
    """Where it is worked on: its channel, or its id where it has none."""
    state = "resolved" if incident.resolved else "opened"
    if incident.channel:
        return f"Incident: {channel(incident)} ({state})"
    if Slack.CREATE in incident.refusals or incident.lost:
        return f"Incident: {incident.id} ({state}), without a channel of its own"
    return f"Incident: {incident.id} ({state}), its channel is being made"


def people_s(action: str, incident: Incident | None) -> str:
    """What is left for people of a finding's action, once there is an incident; its follow-up is told by itself."""
    left = action.replace(CREATE_INCIDENT, "") if incident is not None else action
    left = left.replace(INVESTIGATE, "") if incident is not None and incident.follow_up is not None else left
    return " ".join(left.split())


def listed(incidents: Sequence[Incident]) -> str:
    """A line or two of each, the newest first."""
    if not incidents:
        return "No incident is open. `/incident declare SERVICE TEXT` opens one."
    more = [f"{len(incidents) - _MOST} more"] if len(incidents) > _MOST else []
    return "\n".join(
        ["*Open incidents, the newest first*", *(line for each in incidents[:_MOST] for line in entry(each)), *more]
    )


def entry(incident: Incident) -> list[str]:
    """Which it is, what was said last, and who finds out what is left to find out."""
    place = f"{words.line(incident.service, 90)} {words.line(incident.environment, 90)}"
    led = f"{words.person(incident.lead)} leads" if incident.lead else ""
    who = led or words.people(incident.workers) or "nobody has taken it on"
    where = f" · {channel(incident)}" if incident.channel else ""
    said = next((e.text for e in reversed(incident.entries) if e.text), incident.title)
    head = f"*{incident.severity}* *{incident.id}* {place} · {words.moment(incident.opened_at)} · {who}{where}"
    follows = follow_up_lines(incident) if incident.to_find_out else []
    over = " · resolved" if incident.resolved is not None else ""
    return [f"{head}{over}", *(f"{words.INDENT}{line}" for line in (words.line(said, _LINE), *follows))]
