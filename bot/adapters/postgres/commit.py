"""One commit: look and lock, then write. Two round trips; locks are taken in one order by everybody.

The order: streams by name, then work, then reservations, then the inbox.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor

from bot.adapters.postgres.pool import Connection
from bot.adapters.postgres.queries import query
from bot.adapters.postgres.states import States, room
from runbooks.digests import canonical
from runbooks.store import Append, Changes, Conflict, Lease, LeaseLost, Work

Cursor = AsyncCursor[tuple[Any, ...]]


class Commit:
    """The statements of one commit, on a connection in pipeline mode. `now` None: the database's clock counts.

    `here` is the clock by which the changes say when work is due.
    """

    def __init__(
        self,
        connection: Connection,
        changes: Changes,
        *,
        lease: Lease | None,
        states: States,
        now: datetime | None,
        here: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._changes = changes
        self._lease = lease
        self._states = states
        self._now = now
        self._here = here

    async def look(self) -> None:
        """Begin, lock what we move and what we rely on, and see that it stands. Raises Conflict, LeaseLost."""
        await self._connection.execute(query("begin"))
        expected = {**self._changes.reads, **_moved(self._changes)}
        locked = await _lock(self._connection, self._changes)
        held = await self._hold_lease()
        for stream, cursor in locked.items():  # everything is sent: the first fetch waits for the one answer
            row = await cursor.fetchone()
            if (row[0] if row else 0) != expected[stream]:
                raise Conflict(f"{stream} moved on from version {expected[stream]}")
        if self._lease and held and not any(await held.fetchone() or ()):
            raise LeaseLost(f"{self._lease.work.kind} {self._lease.work.key} under epoch {self._lease.epoch}")

    async def _hold_lease(self) -> Cursor | None:
        if self._lease is None:
            return None
        work = self._lease.work
        return await self._send("hold_lease", kind=work.kind, key=work.key, epoch=self._lease.epoch, now=self._now)

    async def write(self) -> None:
        """Send everything, and the end of the transaction with it: from here on only an answer tells."""
        if self._changes.appends:
            await self._append(self._changes.appends)
            await self._reserve(self._changes.appends)
        await self._schedule()
        await self._remember()
        await self._connection.execute(query("commit"))

    async def _append(self, appends: Sequence[Append]) -> None:
        events = [vars(event) for append in appends for event in append.events]
        streams = [
            {
                "name": append.stream,
                "version": append.events[-1].version,
                "head": append.events[-1].hash,
                "fold": self._states.fold(append.stream).number,
                "state": self._states.text(append.stream, append.state),
                "outstanding": self._states.fold(append.stream).outstanding(append.state),
            }
            for append in appends
        ]
        await self._send("append", events=canonical(events), streams=canonical(streams))

    async def _reserve(self, appends: Sequence[Append]) -> None:
        held = [{"stream": append.stream, "target": target} for append in appends for target in append.held]
        older = [append.stream for append in appends if append.events[0].version > 1]
        if older:
            await self._send("release_targets", wanted=canonical(held), moved=older)
        if held:
            await self._send("take_targets", wanted=canonical(held))

    async def _schedule(self) -> None:
        """Work follows from its stream's state. Its own holder's commits don't wake it: the holder knows."""
        own = self._lease.work if self._lease else None
        asked: dict[Work, dict[str, Any]] = {}
        for append in self._changes.appends:
            work = Work(room(append.stream), append.stream)
            asked[work] = {**vars(work), "due": append.due, "at_once": False, "woken": int(work != own)}
        for work in self._changes.wake:
            asked[work] = {**vars(work), "due": None, "at_once": True, "woken": 1}
        if asked:
            await self._send("schedule", work=canonical(list(asked.values())), now=self._now, here=self._here())
        if self._changes.revoke:
            await self._send("revoke", work=canonical([vars(work) for work in self._changes.revoke]))

    async def _remember(self) -> None:
        inbox = self._changes.inbox
        if inbox is not None:
            await self._send("remember", key=inbox.key, reply=canonical(inbox.reply), now=self._now)

    async def _send(self, name: str, **values: object) -> Cursor:
        return await self._connection.execute(query(name), values)


async def was_recorded(connection: Connection, changes: Changes) -> bool:
    """Whether a commit whose answer was lost took place. Waits for its transaction to end, if that still runs."""
    first = changes.appends[0].events[0] if changes.appends else None
    names = {
        "stream": first and first.stream,
        "version": first and first.version,
        "hash": first and first.hash,
        "key": changes.inbox and changes.inbox.key,
    }
    async with connection.transaction(force_rollback=True):
        await _lock(connection, replace(changes, reads={}))
        row = await (await connection.execute(query("was_recorded"), names)).fetchone()
    return bool(row and row[0])


async def _lock(connection: Connection, changes: Changes) -> dict[str, Cursor]:
    """Lock the streams that these changes move or rely on, in the order of their names; answers their versions."""
    moved, cursors = _moved(changes), {}
    for stream, version in sorted({**changes.reads, **moved}.items()):
        verb = "lock" if stream in moved else "share"
        if version == 0:  # no row to lock yet: lock the name
            await connection.execute(query(f"{verb}_name"), {"stream": stream})
        cursors[stream] = await connection.execute(query(f"{verb}_stream"), {"stream": stream})
    return cursors


def _moved(changes: Changes) -> dict[str, int]:
    """The streams that the changes append to, with the versions they must stand at."""
    return {append.stream: append.events[0].version - 1 for append in changes.appends}
