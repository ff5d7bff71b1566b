"""Makes audit packs: keeps who asked, reads the record, and keeps who got what. Whoever hands it over is told how."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runbooks.audit.packs import Ask, Command, Deliver, Fail, stream_of
from runbooks.audit.requests import Packs
from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.packs import pack, told
from runbooks.packs.scope import Scope, Selection, select
from runbooks.store import Conflict, Duplicate, Inbox, Lease, Recorded, Store
from runbooks.vocabulary import Actor

TRIES = 5


class Record(Protocol):
    """All that was ever recorded, to be read in parts."""

    async def events(self, service: str, *, since: datetime, until: datetime) -> list[Recorded]:
        """Every event before `until` of the streams that tell of a service in the period. Raises StoreUnavailable."""
        ...

    async def tenants(self) -> frozenset[str]:
        """The codes of all tenants, of any service. Raises StoreUnavailable."""
        ...


@dataclass(frozen=True)
class Made:
    """A pack, ready to be handed over."""

    scope: Scope
    archive: bytes
    events: int
    whole: bool  # whether every chain in it holds

    @property
    def name(self) -> str:
        """The archive's file name."""
        return f"{pack.name_of(self.scope)}.zip"

    @property
    def digest(self) -> str:
        """SHA-256 of the archive, hex."""
        return hashlib.sha256(self.archive).hexdigest()


@dataclass(frozen=True)
class Audits:
    """What the edge and the command line make packs with."""

    store: Store
    catalogue: Catalogue
    record: Record
    clock: Callable[[], datetime]

    async def ask(self, scope: Scope, *, by: Actor) -> int:
        """Keep that somebody wants it; the request's number. Raises StoreUnavailable, Conflict."""
        packs = await self.keep(_stream(scope), Ask(by, scope.period.first, scope.period.last))
        assert packs is not None  # noqa: S101  # only a request with a key may have been asked before
        return packs.events

    async def make(self, scope: Scope, selection: Selection, names: Mapping[Actor, str] | None = None) -> Made:
        """The archive of what was selected; `names` are those of people, where somebody knows them."""

        def made() -> Made:
            book = told.read(selection, names)
            return Made(scope, pack.archive(scope, pack.files(book)), len(selection.events), whole=not book.faults)

        return await asyncio.to_thread(made)

    async def select(self, scope: Scope) -> Selection:
        """What the record has of it. Raises StoreUnavailable."""
        period = scope.period
        events = await self.record.events(scope.service, since=period.since, until=period.until)
        tenants = await self.record.tenants() if scope.tenant else frozenset()
        return await asyncio.to_thread(select, scope, events, tenants)

    async def delivered(self, made: Made, request: int, *, to: Actor, way: str) -> None:
        """Keep who got it. Raises StoreUnavailable, Conflict."""
        await self.keep(_stream(made.scope), Deliver(request, to, way, made.digest, made.events))

    async def failed(self, scope: Scope, request: int, why: str) -> None:
        """Keep that nobody got it. Raises StoreUnavailable, Conflict."""
        await self.keep(_stream(scope), Fail(request, why))

    async def keep(self, stream: str, command: Command, *, key: str = "", lease: Lease | None = None) -> Packs | None:
        """Decide, commit; the state of the stream after it. None where this `key` was recorded before.

        Raises StoreUnavailable, LeaseLost, Refused, and Conflict where others ask for packs of the same all the time.
        """
        inbox = Inbox(key, {"did": "audit"}) if key else None
        for tried in range(TRIES):
            draft = Draft(store=self.store, catalogue=self.catalogue, now=self.clock())
            if await draft.open([stream], inbox=key or None) is not None:
                return None
            if await draft.apply(stream, command):
                try:
                    await self.store.commit(draft.changes(inbox), lease)
                except Duplicate:
                    return None
                except Conflict:
                    if tried + 1 == TRIES:
                        raise
                    continue
            packs: Packs = draft.state(stream)
            return packs
        return None


def _stream(scope: Scope) -> str:
    return stream_of(scope.service, scope.tenant)
