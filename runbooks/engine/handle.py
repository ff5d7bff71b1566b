"""Take what a person asks: decide, commit once, reply; the same request again repeats the first reply."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.desk import Desk, Who
from runbooks.engine.draft import Draft, stored_reply
from runbooks.engine.gestures import beginning, gesture, opening
from runbooks.engine.people import Members, at_stake
from runbooks.engine.planning import Library
from runbooks.engine.shapes import is_version
from runbooks.gates import is_code
from runbooks.redaction import Redactor
from runbooks.store import Conflict, Duplicate, Inbox, Store, TargetBusy
from runbooks.vocabulary import OPSBOT, Actor, Refused, Unreachable

TRIES = 5  # each lost race means that somebody else's commit won
_URGENT = timedelta(seconds=2)  # so long an emergency keeps trying; Slack waits three
_PAUSE = timedelta(milliseconds=100)  # at most, between its tries, so that two of them do not keep step


@dataclass(frozen=True)
class Reception:
    """Where people's requests come in."""

    store: Store
    catalogue: Catalogue
    members: Members
    clock: Callable[[], datetime]
    library: Library
    redactor: Redactor = field(default_factory=Redactor)

    async def handle(self, ask: asks.Ask, *, by: Actor, key: str) -> asks.Reply:
        """Move what was asked for, once per `key`. When it returns, it is recorded, without the secrets in it.

        What can't be a version or a tenant is refused before it costs anything, and where nobody can tell who is in
        which group, everything is; neither is recorded. Raises StoreUnavailable: nothing was recorded, or (`unknown`)
        it can't be told.
        """
        ask = self.redactor.said(ask)
        if isinstance(ask, asks.Deploy) and not is_version(ask.version):
            return asks.Reply(refused="not-a-version", facts={"version": ask.version})
        if isinstance(ask, asks.Drill) and ask.version and not is_version(ask.version):
            return asks.Reply(refused="not-a-version", facts={"version": ask.version})
        if isinstance(ask, asks.Onboard) and not is_code(ask.tenant):
            return asks.Reply(refused="not-a-tenant", facts={"name": ask.tenant})
        number = 0
        async for _ in _tries(urgent=isinstance(ask, asks.RollBack)):
            draft = Draft(store=self.store, catalogue=self.catalogue, now=self.clock(), number=number)
            try:
                return await self._once(ask, by, draft, key)
            except (Conflict, TargetBusy):
                number = draft.number
            except Duplicate:
                break
        return await self._first_reply(ask, key)

    async def groups(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """Which of these groups the person is in now; the bot itself is in none. Raises Unreachable."""
        if by == OPSBOT:
            return frozenset()
        return await self.members.groups_of(by, among)

    def reserved(self, runbook: str) -> frozenset[str]:
        """What a run of this runbook reserves of its environment."""
        return self.library.runbook(runbook).reserved

    async def _once(self, ask: asks.Ask, by: Actor, draft: Draft, key: str) -> asks.Reply:
        streams, targets = opening(self.catalogue, ask)
        numbered = isinstance(ask, asks.Numbered)
        if (first := await draft.open(streams, targets=targets, inbox=key, numbered=numbered)) is not None:
            return _reply(first)
        draft.begin(beginning(ask, draft.number))
        try:
            who = Who(by, await self.groups(by, at_stake(self.catalogue, ask, draft.states)))
        except Unreachable as cause:
            return asks.Reply(refused="membership-unknown", facts={"doing": asks.doing(ask), "what": cause.what})
        try:
            reply = await gesture(ask, Desk(self.catalogue, draft, who, draft.number, self.library))
        except Refused as refused:
            facts = {"doing": asks.doing(ask), **refused.facts}
            reply, draft = asks.Reply(refused=refused.reason, facts=facts), draft.blank()
        await self.store.commit(draft.changes(Inbox(key, stored_reply(reply))))
        return reply

    async def _first_reply(self, ask: asks.Ask, key: str) -> asks.Reply:
        found = (await self.store.read([], inbox=key)).reply
        return (
            _reply(found) if found is not None else asks.Reply(refused="contended", facts={"doing": asks.doing(ask)})
        )


async def _tries(*, urgent: bool) -> AsyncIterator[None]:
    """A few tries at once; an emergency goes on for as long as the person can be kept waiting."""
    for _ in range(TRIES):
        yield
    loop = asyncio.get_running_loop()
    until = loop.time() + _URGENT.total_seconds()
    while urgent and loop.time() < until:
        await asyncio.sleep(random.uniform(0, _PAUSE.total_seconds()))  # noqa: S311  # it keeps no secret
        yield


def _reply(stored: object) -> asks.Reply:
    return TypeAdapter(asks.Reply).validate_python(stored)
