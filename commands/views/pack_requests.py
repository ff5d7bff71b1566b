"""Messages about an audit pack: to those who may approve it, above the file, and what else came of it."""

from collections.abc import Iterator

from commands.views import words
from commands.views.blocks import Block, actions, button, context, section
from runbooks.audit.packs import stream_of
from runbooks.audit.requests import End, Packs, Request
from runbooks.vocabulary import Actor


def asked(packs: Packs, request: Request) -> tuple[str, list[Block]]:
    """To one who may approve it: what it is, for whom, and how it stands."""
    who = words.person(request.by)
    text = f"{who} asks for an audit pack of {_subject(packs, request)}"
    told = section(
        f"🗂️ *Audit pack of {_subject(packs, request)}*\n"
        f"{who} asked for it {words.moment(request.at)}. It holds the record of those days: runs with their plans "
        f"and approvals, incidents, tenants' gates. Once approved it is delivered to {who} alone."
    )
    value = {"packs": stream_of(packs.service, packs.tenant), "request": str(request.number)}
    buttons = [button("Approve", "approve-pack", value, "primary"), button("Reject", "reject-pack", value)]
    return text, [told, context(_stands(request)), *(actions(*buttons) if request.waits else [])]


def _stands(request: Request) -> str:
    by = words.people(request.approved_by)
    at = words.moment(request.ended_at)
    match request.end:
        case End.DELIVERED:
            return f"✅ Approved by {by} · delivered {at} · SHA-256 `{request.archive}`"
        case End.FAILED:
            return f"❌ Approved by {by} · not delivered, {at}: {words.line(request.why)}"
        case End.REJECTED:
            return f"⛔ Rejected by {words.person(request.ended_by)} {at} · nothing was delivered"
        case End.EXPIRED:
            return f"⌛ Expired {at}: it was not approved in time · nothing was delivered"
    if request.wanted is None or not request.waits:
        return f"⏳ Approved by {by} · is being made"
    lacking, group = words.count(request.lacking, "approval"), words.either([request.wanted.group])
    said = [f"⏸ Waits for {lacking} of {group}, not by {words.person(request.by)}"]
    said += [f"until {words.moment(request.wanted.until)}", *([f"approved by {by}"] if by else [])]
    return " · ".join(said)


def waits_for(me: Actor, groups: frozenset[str], packs: Packs) -> Iterator[str]:
    """A line for each request that this person, in these groups, may approve and has not."""
    for request in packs.requests:
        wanted = request.wanted if request.waits else None
        if wanted is None or wanted.group not in groups or me in (request.by, *request.approved_by):
            continue
        what = f"audit pack of {_subject(packs, request)}, for {words.person(request.by)}"
        yield f"🗂️ {what}: to approve, until {words.moment(wanted.until)} · in Opsbot's direct message to you"


def came_of_it(packs: Packs, request: Request) -> str:
    """To who asked, where no pack came: why, and the way on; "" while it is open, and where the pack itself came."""
    what, at = f"the audit pack of {_subject(packs, request)}", words.moment(request.ended_at)
    again = f"`/audit {_typed(packs, request)}` asks again"
    match request.end:
        case End.REJECTED:
            who = words.person(request.ended_by)
            return f"{who} rejected {what}, {at}. Nothing was delivered. Ask them why; {again}."
        case End.EXPIRED:
            group = words.either([request.wanted.group]) if request.wanted else "those who may"
            return f"Not made: {what} was not approved in time. Speak to one of {group}; then {again}."
        case End.FAILED:
            cli = "`opsbot audit` on the command line makes it without Slack"
            return f"Not delivered: {what}. The reason: {words.line(request.why)}. {again}; {cli}."
    return ""


def handed(packs: Packs, request: Request) -> str:
    """What stands above the file."""
    faults = (
        "" if request.whole else "\n⚠️ *The record does not hold.* Do not rely on this pack; its report says where."
    )
    by = f" · approved by {words.people(request.approved_by)}" if request.approved_by else ""
    return (
        f"*Audit pack of {_subject(packs, request)}*, in UTC · {words.count(request.told, 'event')}{by}\n"
        "Open `report.html`; `MANIFEST` has the SHA-256 of each file. "
        f"SHA-256 of the archive: `{request.archive}`{faults}"
    )


def _subject(packs: Packs, request: Request) -> str:
    whose = f", tenant {words.line(packs.tenant, 63)}" if packs.tenant else ""
    return f"{words.line(packs.service, 90)}{whose}, {request.first} to {request.last}"


def _typed(packs: Packs, request: Request) -> str:
    return f"{packs.service} {request.first} {request.last} {packs.tenant}".rstrip()
