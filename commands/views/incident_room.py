"""What an incident asks of Slack beside its messages: a channel, its card pinned there, the people it concerns."""

from dataclasses import dataclass

from runbooks.catalogue import Catalogue, Environment
from runbooks.incidents.in_slack import Slack
from runbooks.incidents.incident import Incident
from runbooks.vocabulary import OPSBOT

LONGEST = 80  # characters of a channel's name


@dataclass(frozen=True)
class Room:
    """The next thing to be asked for. `people`: ids; `groups`: of the catalogue, whose members are invited too."""

    asked: Slack
    key: str  # names it for ever, as a message's key does
    name: str
    purpose: str
    channel: str = ""
    card: str = ""  # key of the message to pin
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def room(catalogue: Catalogue, incident: Incident, card: str = "") -> Room | None:
    """What is to be asked for now; None where Slack did or refused all. `card`: Slack's id of it, once it stands.

    A card that was posted anew is to be pinned anew.
    """
    left = [each for each in Slack if each not in incident.asked]
    left += [Slack.PIN] if incident.pinned and card not in ("", incident.pinned) else []
    if not incident.opened or not left or (Slack.CREATE in incident.asked and not incident.channel):
        return None
    place = catalogue.place(incident.service, incident.environment)
    first = (incident.opened_by, incident.requester)
    return Room(
        asked=left[0],
        key=f"incident/{incident.id}/channel",
        name=channel_name(incident),
        purpose=f"{incident.id}: {incident.service} {incident.environment}",
        channel=incident.channel,
        card=card_of(incident),
        people=tuple(dict.fromkeys(who.rpartition("/")[2] for who in first if who and who != OPSBOT)),
        groups=_concerned(place) if place else (),
    )


def card_of(incident: Incident) -> str:
    """The key of its card in its channel."""
    return f"incident/{incident.id}/card"


def _concerned(place: Environment) -> tuple[str, ...]:
    """Who can mend it comes first."""
    return tuple(dict.fromkeys([*place.rollers_back, place.approval.group, *place.deployers]))


def channel_name(incident: Incident) -> str:
    """`inc-YYYY-MM-DD-SERVICE`, as Slack takes it."""
    day = f"{incident.opened_at:%Y-%m-%d}" if incident.opened_at else ""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in incident.service.lower())
    return f"inc-{day}-{plain}"[:LONGEST]


def numbered(name: str, number: int) -> str:
    """The same with -2, -3 where it was taken; still no longer than Slack takes."""
    suffix = f"-{number}" if number > 1 else ""
    return name[: LONGEST - len(suffix)] + suffix
