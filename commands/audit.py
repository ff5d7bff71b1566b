"""`/audit`: an audit pack of a service and a period, for who asks and for nobody else, approved where it must be.

What is asked and judged is recorded here; `bot/packing.py` makes the pack and hands it over.
"""

import re
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncApp

from commands.clicks import NOT_UNDERSTOOD
from commands.edge import Edge, Payload, Respond, actor_of, key_of
from commands.replies import not_recorded, sentence
from commands.views import words
from commands.views.nearest import no_such
from commands.views.sent import NotUnderstood, value_of
from commands.views.typed import typed, words_of
from runbooks.audit.requests import Wanted
from runbooks.catalogue import Catalogue
from runbooks.engine.asks import Reply
from runbooks.gates import is_code
from runbooks.packs.period import BadPeriod, Period, read
from runbooks.packs.scope import Scope
from runbooks.store import Conflict, StoreUnavailable
from runbooks.vocabulary import Refused, Unreachable

HELP = (
    "`/audit SERVICE FROM TO`\u2003an audit pack of the service: a report to read and print, and all its events\n"
    "`/audit SERVICE FROM TO TENANT`\u2003the same for one tenant, with nothing of another\n"
    "Days as 2026-11-24, both included, in UTC. It comes to you alone, after approval where the catalogue wants one; "
    "that you got it is recorded."
)
NOT_HERE = "Not made: audit packs are not set up here. `opsbot audit` on the command line makes them."


T = TypeVar("T")


class NotTaken(Exception):
    """What was typed or clicked does not count; the sentence says why."""


def register(app: AsyncApp, edge: Edge) -> None:
    """Listen for `/audit`, and for what its approvers click."""

    @app.command("/audit")
    async def audit(ack: Any, command: Payload) -> None:
        await ack(text=await take(edge, command))

    @app.action(re.compile("^(approve|reject)-pack$"))
    async def judged(ack: Any, body: Payload, respond: Respond) -> None:
        trouble = await judge(edge, body)
        await ack()
        if trouble:
            await respond(text=trouble, replace_original=False, response_type="ephemeral")


async def take(edge: Edge, command: Payload) -> str:
    """The private answer; it is recorded that it was asked for."""
    typed_words, by = words_of(str(command.get("text", ""))), actor_of(command)
    if edge.packs is None:
        return NOT_HERE
    if not typed_words or [word.casefold() for word in typed_words] == ["help"]:
        return HELP
    try:
        scope = parse(edge.catalogue, typed_words, edge.packs.audits.clock())
        asking = edge.packs.ask(scope, by=by, key=key_of(command, "command"))
        return _taken(scope, await _recorded(asking, "ask for audit packs"))
    except NotTaken as fault:
        return str(fault)


async def judge(edge: Edge, body: Payload) -> str:
    """Record the click; what to tell the person alone, "" where it counted and the message itself tells."""
    approves = body["actions"][0]["action_id"] == "approve-pack"
    try:
        value = value_of(body)
        packs, number = value["packs"], int(value["request"])
    except (NotUnderstood, KeyError, ValueError):
        return NOT_UNDERSTOOD
    if edge.packs is None:
        return NOT_HERE
    click = edge.packs.judge(packs, number, by=actor_of(body), approves=approves, key=key_of(body, "click"))
    try:
        await _recorded(click, "approve" if approves else "reject")
    except NotTaken as fault:
        return str(fault)
    return ""


async def _recorded(asking: Awaitable[T], doing: str) -> T:
    """What came of it. Raises NotTaken with the sentence for what went wrong."""
    try:
        return await asking
    except Refused as refused:
        said = sentence(Reply(refused=refused.reason, facts={"doing": doing, **refused.facts}))
    except Unreachable as cause:
        said = sentence(Reply(refused="membership-unknown", facts={"doing": doing, "what": cause.what}))
    except Conflict:
        said = sentence(Reply(refused="contended", facts={"doing": doing}))
    except StoreUnavailable as cause:
        said = not_recorded(cause)
    raise NotTaken(said)


def parse(catalogue: Catalogue, typed_words: Sequence[str], now: datetime) -> Scope:
    """The words after `/audit` as what is wanted. Raises NotTaken."""
    match typed_words:
        case [service, first, last, *rest] if len(rest) <= 1:
            if service not in catalogue.services:
                raise NotTaken(f"Not made. {no_such('service', service, catalogue.services)}")
            if rest and not is_code(rest[0]):
                raise NotTaken(f"Not made. “{typed(rest[0])}” can't be a tenant's code.")
            return Scope(service, _period(first, last, now), *rest)
    raise NotTaken(f"Not made. Not understood.\n{HELP}")


def _period(first: str, last: str, now: datetime) -> Period:
    try:
        return read(first, last, now.date())
    except BadPeriod as fault:
        raise NotTaken(f"Not made. {words.safe(fault.sentence)}") from None


def _taken(scope: Scope, wanted: Wanted | None) -> str:
    whose = f" for the tenant {scope.tenant}" if scope.tenant else ""
    pack = f"the audit pack of {scope.service}{whose}, {scope.period}"
    if wanted is None:
        return f"Making {pack}. It comes to you alone, as a direct message."
    return (
        f"Asked for {pack}. It needs {words.count(wanted.count, 'approval')} of {words.either([wanted.group])}, not "
        f"by you, until {words.moment(wanted.until)}; they get a message each. Once approved it comes to you alone, "
        "as a direct message."
    )
