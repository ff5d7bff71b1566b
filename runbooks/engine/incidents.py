"""What is asked of incidents: open for a finding, declare, update, resolve; and what Slack did is kept."""

import re
from datetime import datetime

from runbooks.catalogue import Catalogue
from runbooks.concerns import incident_of
from runbooks.engine import asks
from runbooks.engine.desk import Desk
from runbooks.engine.draft import Draft
from runbooks.engine.people import concerned
from runbooks.engine.places import where
from runbooks.incidents.escalations import escalation
from runbooks.incidents.findings import Finding, Tie
from runbooks.incidents.follow_up import EndFollowUp, TakeFollowUp
from runbooks.incidents.handling import Concern, FromSlack, Resolve, TakeLead, Update
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run
from runbooks.store import Conflict, Lease, Store
from runbooks.vocabulary import Refused, Unreachable

_OfOne = asks.UpdateIncident | asks.Resolve | asks.Lead | asks.Investigate | asks.Found
OfIncidents = asks.OpenIncident | asks.Declare | _OfOne
TITLE = 120  # characters
TRIES = 5  # each lost race means that somebody else's commit won
_RUN = re.compile(r"[A-Z]-([0-9]+)")


def opening(ask: OfIncidents) -> list[str]:
    """The streams that it is decided from."""
    match ask:
        case asks.OpenIncident(finding):
            run = finding.partition(".")[0]
            return [f"finding/{finding}", f"run/{run}", *([incident_of(run)] if _RUN.fullmatch(run) else [])]
        case asks.Declare():
            return []
        case asks.UpdateIncident() | asks.Resolve() | asks.Lead() | asks.Investigate() | asks.Found():
            return [f"incident/{ask.incident}"]


def _of_finding(finding: str, number: int) -> str:
    """The incident with its run's number; a new number where no run raised it."""
    run = finding.partition(".")[0]
    return incident_of(run) if _RUN.fullmatch(run) else f"incident/I-{number}"


async def gesture(ask: OfIncidents, desk: Desk) -> asks.Reply:
    """Apply what was asked. Raises Refused."""
    match ask:
        case asks.OpenIncident():
            return await _open(ask, desk)
        case asks.Declare():
            return await _declare(ask, desk)
        case asks.Investigate() | asks.Found():
            return await _follow_up(ask, desk)
        case asks.Lead(incident, instead_of):
            _admit_to(desk, incident, asks.doing(ask))
            await desk.draft.apply(f"incident/{incident}", TakeLead(desk.who.by, instead_of))
            return asks.Reply("leading", facts={"incident": incident})
        case asks.UpdateIncident(incident, text):
            _admit_to(desk, incident, "update")
            await desk.draft.apply(f"incident/{incident}", Update(desk.who.by, text))
            return asks.Reply("updated", facts={"incident": incident})
        case asks.Resolve(incident, text, lessons):
            _admit_to(desk, incident, "resolve")
            await desk.draft.apply(f"incident/{incident}", Resolve(desk.who.by, text, lessons))
            return asks.Reply("resolved", facts={"incident": incident, "lessons": lessons is not None})


async def _follow_up(ask: asks.Investigate | asks.Found, desk: Desk) -> asks.Reply:
    """What is to be found out: taken on, or told."""
    _admit_to(desk, ask.incident, asks.doing(ask))
    who, stream = desk.who.by, f"incident/{ask.incident}"
    if isinstance(ask, asks.Found):
        await desk.draft.apply(stream, EndFollowUp(who, ask.text))
        return asks.Reply("found", facts={"incident": ask.incident})
    await desk.draft.apply(stream, TakeFollowUp(who, ask.instead_of))
    return asks.Reply("investigating", facts={"incident": ask.incident})


def _admit_to(desk: Desk, name: str, doing: str) -> None:
    incident: Incident = desk.draft.state(f"incident/{name}")
    if incident.opened:
        _, _, place = desk.place(incident.service, incident.environment)
        desk.admit(concerned(place), doing)


async def _open(ask: asks.OpenIncident, desk: Desk) -> asks.Reply:
    """For a finding that has none; it joins the one that its run has already."""
    finding: Finding = desk.draft.state(f"finding/{ask.finding}")
    if not finding.name:
        raise Refused("no-such-finding", finding=ask.finding)
    _, _, place = desk.place(finding.service, finding.environment)
    desk.admit(concerned(place), "open")
    stream = _of_finding(ask.finding, desk.number)
    name = stream.partition("/")[2]
    await desk.draft.apply(f"finding/{ask.finding}", Tie(name, desk.who.by))
    run: Run = desk.draft.state(f"run/{ask.finding.partition('.')[0]}")
    concern = Concern(
        severity=finding.severity,
        service=finding.service,
        environment=finding.environment,
        title=finding.title,
        what=finding.what,
        finding=finding.id,
        requester=run.requester if run.service else None,
        follow_up=escalation(finding.name).follow_up,
        by=desk.who.by,
    )
    await desk.draft.apply(stream, concern)
    return asks.Reply("opened", facts={"incident": name, **where(finding.service, finding.environment)})


async def _declare(ask: asks.Declare, desk: Desk) -> asks.Reply:
    _, name, place = desk.place(ask.service, ask.environment)
    desk.admit(concerned(place), "declare")
    text = " ".join(ask.text.split())
    title = text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"
    concern = Concern(ask.severity, ask.service, name, title, () if title == text else (text,), by=desk.who.by)
    await desk.draft.apply(f"incident/I-{desk.number}", concern)
    return asks.Reply("opened", facts={"incident": f"I-{desk.number}", **where(ask.service, name)})


async def keep(store: Store, catalogue: Catalogue, *, lease: Lease, did: FromSlack, now: datetime) -> None:
    """Keep what Slack did for the incident whose messages are leased. Raises what the store raises, Unreachable."""
    for _ in range(TRIES):
        draft = Draft(store=store, catalogue=catalogue, now=now)
        if not await draft.apply(lease.work.key, did):
            return None
        try:
            return await store.commit(draft.changes(), lease)
        except Conflict:
            continue
    raise Unreachable("The database", "others changed the same incident")
