"""The check of the whole house: everything stored is what the events say, and the events are one unbroken chain."""

import json
from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection, IsolationLevel

from bot.adapters.postgres.errors import translated
from bot.adapters.postgres.pool import Connection
from bot.adapters.postgres.queries import query
from bot.adapters.postgres.states import States, history
from runbooks.audit import chain
from runbooks.digests import canonical
from runbooks.store import Fold, Recorded


async def faults(url: str, folds: Mapping[str, Fold]) -> list[str]:
    """What is wrong, a sentence each, as of one moment; empty where all is well. Raises StoreUnavailable."""
    with translated():
        async with await AsyncConnection.connect(url) as connection:
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            return await _House(connection, States(folds)).faults()


class _House:
    def __init__(self, connection: Connection, states: States) -> None:
        self._connection = connection
        self._states = states
        self._held: set[tuple[str, str]] = set()

    async def faults(self) -> list[str]:
        found = [f"{stream}: has events and no state" for (stream,) in await self._rows("events_without_stream")]
        for name, outstanding in await self._rows("all_streams"):
            events = await history(self._connection, name)
            [(_, _, version, head, number, text)] = await self._rows(
                "read", streams=[name], targets=[], inbox=None, number=False
            )
            found += chain.faults(events) + _last(name, events, version=version, head=head)
            found += self._state(name, events, number=number, text=text, outstanding=outstanding)
        return found + self._reservations({(s, t) for s, t in await self._rows("all_reservations")})

    def _state(
        self, name: str, events: list[Recorded], *, number: int, text: str, outstanding: bool | None
    ) -> list[str]:
        try:
            fold = self._states.fold(name)
            folded = self._states.folded(name, events)
        except (KeyError, ValueError, TypeError) as exc:
            return [f"{name}: its events can't be read: {type(exc).__name__}: {exc}"]
        self._held |= {(name, target) for target in fold.held(folded)}
        if number != fold.number:
            return []  # it is folded anew when it is next read
        if _same(text) != _same(self._states.text(name, folded)):
            return [f"{name}: its stored state is not what its events make"]
        if fold.state_type.validate_json(text) != folded:
            return [f"{name}: its state reads back as another value"]
        if outstanding is not None and outstanding != fold.outstanding(folded):
            return [f"{name}: whether it still asks for somebody is not what its state says"]
        return []

    def _reservations(self, stored: set[tuple[str, str]]) -> list[str]:
        extra = [f"{stream}: holds {target}, which its state does not" for stream, target in stored - self._held]
        missing = [f"{stream}: should hold {target}" for stream, target in self._held - stored]
        return sorted(extra) + sorted(missing)

    async def _rows(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        return await (await self._connection.execute(query(name), values)).fetchall()


def _last(name: str, events: list[Recorded], *, version: int, head: str) -> list[str]:
    last = events[-1] if events else None
    if last is None or (last.version, last.hash) != (version, head):
        return [f"{name}: its head is not its last event"]
    return []


def _same(text: str) -> str:
    return canonical(json.loads(text))
