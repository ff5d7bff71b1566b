"""Every Slack message that a stream's state calls for: the deliveries make Slack equal to this list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from commands.views import words
from commands.views.asides import asides
from commands.views.blocks import Block, context, section
from commands.views.finding_card import finding_card, finding_text
from commands.views.headline import severity, title
from commands.views.incident_card import incident_card, incident_text
from commands.views.incident_card import told as told_of
from commands.views.lessons_line import lessons_of
from commands.views.linted import linted
from commands.views.pack_requests import asked, came_of_it
from commands.views.plots import Picture, pictures
from commands.views.procedure import procedures
from commands.views.run_card import Look, card
from commands.views.telling import telling, told
from commands.views.urgency import Urgency, mentions, urgency
from runbooks.audit.packs import stream_of
from runbooks.audit.requests import Packs
from runbooks.catalogue import Catalogue, Environment
from runbooks.concerns import incident_with
from runbooks.endings import release_of
from runbooks.incidents.findings import Finding
from runbooks.incidents.in_slack import Slack
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run
from runbooks.steps.notify import key_of
from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class Message:
    """One message: `key` names it for ever; one that is `kept` is edited when its content changes.

    Where the catalogue has its channel no more (""), it goes to where it, or what it is in the thread of, stands.
    """

    key: str
    channel: str
    text: str
    blocks: tuple[Block, ...]
    thread: str = ""  # key of the message whose thread it belongs to
    kept: bool = False
    picture: Picture | None = None  # shown below its blocks
    patient: bool = False  # everything else goes first
    urgency: Urgency = Urgency.PROGRESS  # where Slack takes no more for now, what goes first


See = Callable[[str], Any]


def streams_seen(state: object) -> list[str]:
    """The other streams that the messages of this state look at."""
    match state:
        case Run() as run if run.service:
            return [release_of(run), incident_with(run)]
        case Finding() as finding if finding.name:
            incident = [f"incident/{finding.incident}"] if finding.incident else []
            return [f"release/{finding.service}/{finding.environment}", f"run/{finding.run}", *incident]
        case Incident() as incident if incident.opened:
            findings = (f"finding/{name}" for name in incident.findings)
            return [f"release/{incident.service}/{incident.environment}", *findings]
        case _:
            return []


def messages(catalogue: Catalogue, state: object, see: See) -> list[Message]:
    """The messages that must exist now, in the order in which they are to be posted."""
    stands = urgency(state)
    found = _wanted(catalogue, state, see)
    return [each if each.patient else replace(each, urgency=min(stands, _own(each))) for each in found]


def _own(message: Message) -> Urgency:
    """Of a message by itself: an edit of one notifies nobody."""
    if message.kept:
        return Urgency.PROGRESS
    return Urgency.URGENT if mentions(message.text) else Urgency.LASTING


def _wanted(catalogue: Catalogue, state: object, see: See) -> list[Message]:
    match state:
        case Run() as run if run.service:
            place = catalogue.place(run.service, run.environment)
            return _of_run(run, Look(catalogue, see(release_of(run)), see(incident_with(run))), place)
        case Finding() as finding if (place := catalogue.place(finding.service, finding.environment)) is not None:
            return [_of_finding(finding, place, see)]
        case Incident() as incident if (place := catalogue.place(incident.service, incident.environment)) is not None:
            return _of_incident(incident, place, see)
        case Packs():
            return list(_of_packs(state))
        case _:
            return []


def _of_run(run: Run, look: Look, place: Environment | None) -> list[Message]:
    main, channel = f"run/{run.id}/card", place.channels.deploys if place else ""
    summary = words.line(f"{title(run)} · {run.version} · {run.id}")
    found = [Message(main, channel, summary, tuple(card(run, look)), kept=True)]
    found += [Message(f"run/{run.id}/{name}", channel, text, blocks, main) for name, text, blocks in procedures(run)]
    found += [Message(f"run/{run.id}/{name}", channel, text, blocks, main) for name, text, blocks in linted(run)]
    for aside in asides(run, look.catalogue):
        found.append(Message(f"run/{run.id}/{aside.name}", channel, aside.text, aside.blocks, main))
    for name, text, picture in pictures(run):
        found.append(Message(f"run/{run.id}/{name}", channel, text, (context(text),), main, picture=picture))
    for text, blocks in lessons_of(run, look.incident):
        found.append(Message(f"run/{run.id}/lessons", channel, text, blocks, main))
    return [*found, *_told(run), *_announcement(run, place)] if place else found


def _told(run: Run) -> list[Message]:
    """To each stakeholder, then to each author; the step waits until all the former stand in Slack."""
    people = told(run)
    if not people:
        return []
    text, blocks = telling(run)
    return [Message(key_of(run.id, whom), whom, text, blocks, patient=patient) for whom, patient in people.items()]


def _announcement(run: Run, place: Environment) -> list[Message]:
    """Posted once the `announce` step has begun; the step waits until it stands in Slack."""
    begun = run.plan is not None and any(s.uses == "announce" and s.id in run.steps for s in run.plan.steps)
    if not begun or run.plan is None:
        return []
    service, environment = words.line(run.service, 90), words.line(run.environment, 90)
    version, did = words.line(run.version, 90), "is deployed to" if run.command == "deploy" else "is back in"
    text = f"{service} {version} {words.commit(run.plan.commit)} {did} {environment}."
    people = [f"asked by {words.person(run.requester)}"] if not run.because else [f"since {run.because} failed"]
    people += [f"approved by {words.people(a.by for a in run.agreed)}"] if run.agreed else []
    channel = place.channels.announce or place.channels.deploys
    blocks = (section(f"📣 {text}"), context(" · ".join([severity(run), run.id, *people])))
    return [Message(f"run/{run.id}/announce", channel, text, blocks)]


def _of_finding(finding: Finding, place: Environment, see: See) -> Message:
    release, run = see(f"release/{finding.service}/{finding.environment}"), see(f"run/{finding.run}")
    incident = see(f"incident/{finding.incident}") if finding.incident else None
    blocks = tuple(finding_card(finding, release, run, incident))
    channel = place.channels.of(finding.severity)
    return Message(f"finding/{finding.id}", channel, finding_text(finding), blocks, kept=True)


def _of_incident(incident: Incident, place: Environment, see: See) -> list[Message]:
    """In its own channel; in its severity's where it has none (any more), with the rest in its card's thread.

    What was told in a channel that is lost is told anew where people read now.
    """
    if Slack.CREATE not in incident.asked:
        return []  # where they go is not known yet
    release = see(f"release/{incident.service}/{incident.environment}")
    findings = [see(f"finding/{name}") for name in incident.findings]
    here = f"incident/{incident.id}{'/instead' if incident.lost else ''}"
    main, channel = f"{here}/card", incident.channel or place.channels.of(incident.called_at)
    blocks = tuple(incident_card(incident, findings, release))
    thread = "" if incident.channel else main
    return [
        Message(main, channel, incident_text(incident), blocks, kept=True),
        *(Message(f"{here}/{n}", channel, t, tuple(b), thread) for n, t, b in told_of(incident)),
    ]


def _of_packs(packs: Packs) -> Iterator[Message]:
    """To each who may approve one; to who asked, where it does not come."""
    for request in packs.requests:
        key = f"{stream_of(packs.service, packs.tenant)}/{request.number}"
        for whom in request.wanted.people if request.wanted else ():
            text, blocks = asked(packs, request)
            yield Message(f"{key}/{whom}", _direct(whom), text, tuple(blocks), kept=True)
        if text := came_of_it(packs, request):
            yield Message(f"{key}/came-of-it", _direct(request.by), text, (section(text),))


def _direct(whom: Actor) -> str:
    """The conversation with a person, by their Slack id."""
    return whom.rpartition("/")[2]
