"""`/audit`: one archive of what was done to a service in a period, handed to who asked and to nobody else."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, Respond, actor_of, key_of
from commands.replies import NOT_KNOWN, NOT_READ, NOT_RECORDED
from commands.views import words
from commands.views.nearest import no_such
from commands.views.typed import typed, words_of
from runbooks.catalogue import Catalogue, Service
from runbooks.engine.audits import Audits, Made, NotTaken
from runbooks.gates import is_code
from runbooks.packs.period import BadPeriod, read
from runbooks.packs.scope import Scope
from runbooks.store import Conflict, StoreUnavailable
from runbooks.vocabulary import Actor, Unreachable

HELP = (
    "`/audit SERVICE FROM TO`\u2003an audit pack of the service: a report to read and print, and all its events\n"
    "`/audit SERVICE FROM TO TENANT`\u2003the same for one tenant, with nothing of another\n"
    "Days as 2026-11-24, both included, in UTC. It comes to you alone; that you got it is recorded."
)
NOT_HERE = "Not made: audit packs are not set up here. `opsbot audit` on the command line makes them."
log = logging.getLogger(__name__)


class Courier(Protocol):
    """Hands a file to one person."""

    async def hand(self, *, to: Actor, name: str, data: bytes, text: str) -> None:
        """Raises NotTaken where Slack will not take it, Unreachable where it does not answer."""
        ...

    async def names(self, people: Iterable[Actor]) -> Mapping[Actor, str]:
        """What people are called, as far as it can be told."""
        ...


class Misread(Exception):
    """What was typed is no pack that can be made; the sentence says why."""


@dataclass(frozen=True)
class Order:
    """What is wanted, the number of the request, and for whom."""

    scope: Scope
    request: int
    to: Actor


@dataclass(frozen=True)
class Office:
    """Where packs are made, and who hands them over."""

    edge: Edge
    audits: Audits
    courier: Courier


def register(app: AsyncApp, edge: Edge, courier: Courier) -> None:
    """Listen for `/audit`."""

    @app.command("/audit")
    async def audit(ack: Any, command: Payload, respond: Respond) -> None:
        if edge.audits is None:
            await ack(text=NOT_HERE)
            return
        office = Office(edge, edge.audits, courier)
        text, order = await take(office, command)
        await ack(text=text)
        if order is not None and (trouble := await deliver(office, order)):
            await respond(text=trouble, response_type="ephemeral", replace_original=False)


async def take(office: Office, command: Payload) -> tuple[str, Order | None]:
    """The private answer, and what is to be made now; it is recorded that it was asked for."""
    typed_words, by = words_of(str(command.get("text", ""))), actor_of(command)
    if not typed_words or [word.casefold() for word in typed_words] == ["help"]:
        return HELP, None
    try:
        scope = parse(office.edge.catalogue, typed_words, office.audits.clock())
        await _admit(office.edge, scope.service, by)
        request = await office.audits.ask(scope, by=by, key=key_of(command, "command"))
    except Misread as fault:
        return f"Not made. {fault}", None
    except StoreUnavailable as cause:
        return NOT_KNOWN if cause.unknown else NOT_RECORDED, None
    except Conflict:
        return "Not made. Others ask for packs of the same at this moment. Try again.", None
    return _taken(scope), None if request is None else Order(scope, request, by)


def parse(catalogue: Catalogue, typed_words: Sequence[str], now: datetime) -> Scope:
    """The words after `/audit` as what is wanted. Raises Misread."""
    match typed_words:
        case [service, first, last, *rest] if len(rest) <= 1:
            if service not in catalogue.services:
                raise Misread(no_such("service", service, catalogue.services))
            if rest and not is_code(rest[0]):
                raise Misread(f"“{typed(rest[0])}” can't be a tenant's code.")
            return Scope(service, _period(first, last, now), *rest)
    raise Misread(f"Not understood.\n{HELP}")


def _period(first: str, last: str, now: datetime) -> Any:
    try:
        return read(first, last, now.date())
    except BadPeriod as fault:
        raise Misread(words.safe(fault.sentence)) from None


def allowed(service: Service) -> frozenset[str]:
    """Who may have packs of a service: whoever may deploy it, or approve deploys of it, in any environment."""
    places = service.environments.values()
    return frozenset(name for place in places for name in (*place.deployers, place.approval.group))


async def _admit(edge: Edge, service: str, by: Actor) -> None:
    """The person may have a pack of it. Raises Misread."""
    groups = allowed(edge.catalogue.services[service])
    try:
        theirs = await edge.reception.groups(by, groups)
    except Unreachable as cause:
        raise Misread(
            f"{cause.what} did not say who is in which group, so nobody can be let through. Try again in a minute."
        ) from None
    if not theirs:
        raise Misread(
            f"To get an audit pack of {service} you must be in {words.either(sorted(groups))}. Ask one of them."
        )


def _taken(scope: Scope) -> str:
    whose = f" for the tenant {scope.tenant}" if scope.tenant else ""
    return (
        f"Making the audit pack of {scope.service}{whose}, {scope.period}. It comes to you alone, as a direct "
        "message. Should it not come within a minute, ask again."
    )


async def deliver(office: Office, order: Order) -> str:
    """Make it, hand it over, keep who got it; what to tell the person besides, "" where they have it."""
    scope = order.scope
    try:
        selection = await office.audits.select(scope)
        if not selection.moved:
            await office.audits.failed(scope, order.request, "no events in the period")
            return nothing(scope)
        names = await office.courier.names(sorted(selection.people))
        made = await office.audits.make(scope, selection, names)
        if trouble := await _hand(office, made, order):
            return trouble
    except (StoreUnavailable, Conflict) as cause:
        log.warning("audit pack of %s: %s", scope.service, cause)
        return f"No pack was made. {NOT_READ}"
    return await _noted(office, made, order)


async def _hand(office: Office, made: Made, order: Order) -> str:
    """Hand it over; what went wrong, which is kept too."""
    try:
        await office.courier.hand(to=order.to, name=made.name, data=made.archive, text=handed(made))
    except NotTaken as refused:
        why = f"Slack would not take the file ({words.line(str(refused))})"
        said = (
            f"{why}. Tell whoever keeps the Slack app; meanwhile `opsbot audit` on the command line makes the pack."
        )
    except Unreachable:
        why = "Slack did not confirm that it took the file"
        said = f"{why}. If it is not among Opsbot's direct messages to you, ask again."
    else:
        return ""
    await office.audits.failed(order.scope, order.request, why)
    return f"The audit pack of {order.scope.service} was made, but {said}"


async def _noted(office: Office, made: Made, order: Order) -> str:
    try:
        await office.audits.delivered(made, order.request, to=order.to, way="Slack")
    except (StoreUnavailable, Conflict) as cause:
        log.warning("audit pack of %s: its delivery is not recorded: %s", order.scope.service, cause)
        return "You have the pack, but the database did not answer: that you got it is not recorded. Ask again."
    return ""


def nothing(scope: Scope) -> str:
    """That there is nothing to make a pack of."""
    return (
        f"No pack was made: nothing was recorded of {scope.service} from {scope.period}. "
        f"`/deploy history {scope.service}` shows its runs."
    )


def handed(made: Made) -> str:
    """What stands above the file."""
    scope = made.scope
    whose = f", tenant {scope.tenant}" if scope.tenant else ""
    faults = "" if made.whole else "\n⚠️ *The record does not hold.* Do not rely on this pack; its report says where."
    return (
        f"*Audit pack of {scope.service}{whose}* · {scope.period}, in UTC · {words.count(made.events, 'event')}\n"
        "Open `report.html`; `MANIFEST` has the SHA-256 of each file. "
        f"SHA-256 of the archive: `{made.digest}`{faults}"
    )
