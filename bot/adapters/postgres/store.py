"""The store on PostgreSQL: `runbooks.store.Store`, with every promise kept by a constraint, a lock or a privilege."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.postgres import states
from bot.adapters.postgres.commit import Commit, was_recorded
from bot.adapters.postgres.pool import Clock, Connection, Pool, database_clock
from bot.adapters.postgres.queries import query
from bot.adapters.postgres.states import States
from runbooks.store import (
    Changes,
    Fold,
    Lease,
    LeaseLost,
    Recorded,
    Snapshot,
    Stored,
    StoreUnavailable,
    Work,
)

_FARTHEST = 1_000_000  # epochs that are drawn at once to be ahead of what stands on a target
_READ_AGAIN = 0.25  # the share of the time for an answer that re-reading a lost commit may add to it


class PostgresStore:
    """Streams, work, reservations, inbox and blobs in one database, which any number of replicas may share.

    `now` replaces the database's clock, which otherwise decides what is due and which lease has lapsed. `here` is the
    clock of whoever says when work is due: the process's, or else `now`.
    """

    def __init__(
        self,
        pool: Pool,
        folds: Mapping[str, Fold],
        *,
        now: Clock = database_clock,
        here: Callable[[], datetime] | None = None,
        lease_seconds: float = 10,
    ) -> None:
        self._pool = pool
        self._states = States(folds)
        self._now = now
        self._here = here or (lambda: self._now() or datetime.now(UTC))
        self._lease = timedelta(seconds=lease_seconds)

    async def read(
        self, streams: Sequence[str], *, targets: Sequence[str] = (), inbox: str | None = None, number: bool = False
    ) -> Snapshot:
        """States with versions, holders of targets with theirs, the first reply to a key, as of one moment.

        `number` draws one, as `number()` does.
        """
        found = {name: Stored(self._states.fold(name).start(name)) for name in streams}
        holders: dict[str, str] = {}
        reply: Mapping[str, Any] | None = None
        drawn = 0
        wanted = {"streams": list(found), "targets": list(targets), "inbox": inbox, "number": number}
        async with self._pool.session() as connection:
            for what, key, version, head, fold, value in await _at_once(connection, "read", **wanted):
                if what == "stream":
                    state = await self._states.stored(connection, stream=key, number=fold, text=value)
                    found[key] = Stored(state, version, head)
                elif what == "holder":
                    holders[key] = value
                elif what == "number":
                    drawn = int(key)
                else:
                    reply = json.loads(value)
        return Snapshot(found, holders, reply, drawn)

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        """Everything or nothing, in two round trips.

        Raises Conflict, LeaseLost, TargetBusy, Duplicate, StoreUnavailable. Of several reasons the one whose lock
        comes first is told, so a repeated request may meet any of them: read its inbox key again.
        """
        sent = False
        connection: Connection | None = None
        try:
            async with self._pool.session() as connection, connection.pipeline():
                commit = Commit(
                    connection, changes, lease=lease, states=self._states, now=self._now(), here=self._here
                )
                await commit.look()
                sent = True
                await commit.write()
        except StoreUnavailable as exc:
            if not sent or (connection and not connection.closed):
                raise  # not sent, or the server itself said no
            await self._read_again(changes, exc)

    async def _read_again(self, changes: Changes, lost: StoreUnavailable) -> None:
        """The answer to a commit was lost: return where it took place, else say what is known."""
        if not changes.appends and not changes.inbox:
            raise StoreUnavailable(str(lost), unknown=True) from lost
        try:
            async with self._pool.session(within=self._pool.answer_within * _READ_AGAIN) as connection:
                recorded = await was_recorded(connection, changes)
        except StoreUnavailable as exc:
            raise StoreUnavailable(str(lost), unknown=True) from exc
        if not recorded:
            raise StoreUnavailable(f"{lost} (and it was not recorded)") from lost

    async def number(self) -> int:
        """The next number for a run's or finding's id; gaps are possible, repeats are not."""
        async with self._pool.session() as connection:
            [(number,)] = await _rows(connection, "number")
            return int(number)

    async def history(self, stream: str) -> list[Recorded]:
        """All events of a stream, oldest first."""
        async with self._pool.session() as connection:
            return await states.history(connection, stream)

    async def latest(self, prefix: str, limit: int) -> list[tuple[str, Any]]:
        """The streams that began last, of those whose name starts so, with their states, newest first."""
        async with self._pool.session() as connection:
            return [
                (name, await self._states.stored(connection, stream=name, number=fold, text=text))
                for name, fold, text in await _rows(connection, "latest", prefix=prefix, limit=limit)
            ]

    async def outstanding(self, room: str, limit: int) -> list[Any]:
        """The states of a room's streams that still ask for somebody, whatever their age; newest first.

        Rows that a process of an older release moved are among those that are read, so the state has the last word.
        """
        async with self._pool.session() as connection:
            found = [
                (name, await self._states.stored(connection, stream=name, number=fold, text=text))
                for name, fold, text in await _rows(connection, "outstanding", room=room, limit=limit)
            ]
        return [state for name, state in found if self._states.fold(name).outstanding(state)]

    async def claim(self, kinds: Sequence[str], *, prefix: str = "") -> Lease | None:
        """Lease the work that is due longest, its key beginning so, under a new epoch; None where nothing is due."""
        asked = {"kinds": list(kinds), "prefix": prefix, "lease": self._lease, "now": self._now()}
        async with self._pool.session() as connection:
            rows = await _rows(connection, "claim", **asked)
        return next((Lease(Work(kind, key), *claimed) for kind, key, *claimed in rows), None)

    async def outrun(self, epoch: int) -> bool:
        """Let every later claim have a higher epoch than this one; whether that is so, a million away at most."""
        async with self._pool.session() as connection:
            [(drawn,)] = await _rows(connection, "outrun", epoch=epoch, most=_FARTHEST)
        return drawn is None or drawn >= epoch

    async def renew(self, lease: Lease) -> Lease:
        """Hold on to it; LeaseLost where it is void or has lapsed."""
        named = {"kind": lease.work.kind, "key": lease.work.key, "epoch": lease.epoch}
        async with self._pool.session() as connection:
            rows = await _rows(connection, "renew", **named, lease=self._lease, now=self._now())
        if not rows:
            raise LeaseLost(f"{lease.work.kind} {lease.work.key} under epoch {lease.epoch}")
        return replace(lease, until=rows[0][0])

    async def finish(self, lease: Lease, due: datetime | None) -> None:
        """Let go of it. It is looked at again at `due` (None: never), or at once where it was woken meanwhile."""
        named = {"kind": lease.work.kind, "key": lease.work.key, "epoch": lease.epoch, "wakes": lease.wakes}
        async with self._pool.session() as connection:
            await connection.execute(query("finish"), {**named, "due": due, "now": self._now(), "here": self._here()})

    async def leased(self, work: Work) -> bool:
        """Whether somebody's lease on it, void or not, may still be running."""
        async with self._pool.session() as connection:
            [(leased,)] = await _rows(connection, "leased", kind=work.kind, key=work.key, now=self._now())
            return bool(leased)

    async def put(self, data: bytes) -> str:
        """Keep a blob; answers its SHA-256 in hex."""
        digest = hashlib.sha256(data).hexdigest()
        async with self._pool.session() as connection:
            await connection.execute(query("put"), {"digest": digest, "data": data})
        return digest

    async def get(self, digest: str) -> bytes:
        """A blob by its digest; KeyError where there is none."""
        async with self._pool.session() as connection:
            for (data,) in await _rows(connection, "get", digest=digest):
                return bytes(data)
        raise KeyError(digest)


async def _rows(connection: Connection, name: str, **values: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query(name), values)).fetchall()


async def _at_once(connection: Connection, name: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows in one round trip, also where the statement is prepared on the way, which is else one of its own."""
    async with connection.pipeline():
        cursor = await connection.execute(query(name), values)
    return await cursor.fetchall()
