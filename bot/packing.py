"""Hands audit packs over, each to who asked and once: made and kept first, then given to Slack, then recorded."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.adapters.slack.client import SlackRefused
from commands.views.pack_requests import handed
from runbooks.audit.packs import Command, Deliver, Expire, Fail, Keep
from runbooks.audit.requests import SLACK, End, Packs, Request, due
from runbooks.engine.audits import Audits, Made
from runbooks.engine.pack_requests import PackRequests
from runbooks.packs.pack import name_of
from runbooks.packs.period import Period
from runbooks.packs.scope import Scope
from runbooks.store import Conflict, Lease
from runbooks.vocabulary import Actor, Unreachable

AGAIN = timedelta(seconds=5)
NOTHING = "nothing was recorded in this period"
log = logging.getLogger(__name__)


class Courier(Protocol):
    """Hands a file to one person. Every method may raise Unreachable."""

    async def hand(self, *, to: Actor, name: str, data: bytes, text: str) -> None:
        """Give it to them. Raises SlackRefused where Slack will never take it."""
        ...

    async def has(self, *, to: Actor, text: str) -> bool:
        """Whether a file with this text above it was given to them lately. Raises SlackRefused."""
        ...

    async def names(self, people: Iterable[Actor]) -> Mapping[Actor, str]:
        """What people are called, as far as it can be told."""
        ...


@dataclass(frozen=True)
class Packing:
    """What a worker calls with a lease on the requests for a service's, or a tenant's, packs."""

    requests: PackRequests
    courier: Courier

    @property
    def _audits(self) -> Audits:
        return self.requests.audits

    async def advance(self, lease: Lease) -> datetime | None:
        """Do what is due for each request; answers when to look again."""
        packs = await self._read(lease)
        again: list[datetime] = []
        for request in packs.requests:
            if request.end is End.OPEN and request.way == SLACK:
                try:
                    await self._one(lease, packs, request)
                except (Unreachable, Conflict) as cause:
                    log.warning("audit pack for request %d of %s waits: %s", request.number, lease.work.key, cause)
                    again.append(self._audits.clock() + AGAIN)
        return min(again, default=None) or due(await self._read(lease))

    async def _one(self, lease: Lease, packs: Packs, request: Request) -> None:
        if request.waits:
            if request.wanted and self._audits.clock() >= request.wanted.until:
                await self._keep(lease, Expire(request.number))
            return
        if why := await self.requests.objection(packs, request):
            await self._keep(lease, Fail(request.number, why))
        elif request.archive:
            await self._hand(lease, packs, request, looks=True)
        elif made := await self._made(lease, packs, request):
            await self._hand(lease, packs, made, looks=False)

    async def _made(self, lease: Lease, packs: Packs, request: Request) -> Request | None:
        """Make it and keep it; None where there is nothing to make it of."""
        scope = _scope(packs, request)
        selection = await self._audits.select(scope)
        if not selection.moved:
            await self._keep(lease, Fail(request.number, NOTHING))
            return None
        names = await self.courier.names(sorted(selection.people))
        made: Made = await self._audits.make(scope, selection, names)
        await self._audits.store.put(made.archive)
        after = await self._keep(lease, Keep(request.number, made.digest, made.events, made.whole))
        return after.of(request.number) if after else None

    async def _hand(self, lease: Lease, packs: Packs, request: Request, *, looks: bool) -> None:
        """Give it to them, unless an earlier try did; `looks` where there may have been one."""
        number, name = request.number, f"{name_of(_scope(packs, request))}.zip"
        try:
            if not (looks and await self.courier.has(to=request.by, text=request.archive)):
                data = await self._audits.store.get(request.archive)
                await self.courier.hand(to=request.by, name=name, data=data, text=handed(packs, request))
        except SlackRefused as refused:
            doubt = ", and does not say whether it took an earlier one" if looks else ""
            await self._keep(lease, Fail(number, f"Slack would not take the file ({refused}){doubt}"))
        else:
            await self._keep(lease, Deliver(number, request.by, SLACK, request.archive, request.told))

    async def _keep(self, lease: Lease, command: Command) -> Packs | None:
        return await self._audits.keep(lease.work.key, command, lease=lease)

    async def _read(self, lease: Lease) -> Packs:
        found: Packs = (await self._audits.store.read([lease.work.key])).streams[lease.work.key].state
        return found


def _scope(packs: Packs, request: Request) -> Scope:
    return Scope(packs.service, Period(request.first, request.last), packs.tenant)
