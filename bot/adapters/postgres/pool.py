"""Connections to the bot's own database: kept, counted, and cut off when the database is silent.

Each is opened in the task that needs it: while the database is away everybody is told why at once, and the first call
after its return succeeds. (psycopg_pool opens them in the background, with a back-off that outlasts the outage.)
"""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PipelineStatus, TransactionStatus

from bot.adapters.postgres.errors import translated
from runbooks.store import StoreUnavailable

Connection = AsyncConnection[tuple[Any, ...]]
Clock = Callable[[], datetime | None]


def database_clock() -> None:
    """No time of ours: the database's clock decides, the one clock that all replicas share."""


class Pool:
    """At most `size` connections. Every use must end within `answer_within` seconds, which suits an ack of three.

    `ready` of them are there from the start: to make one costs several round trips.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int = 10,
        ready: int = 0,
        answer_within: float = 2.0,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._failed = failed  # told of every use that the database did not answer
        self._conninfo = conninfo(url, silent_after=answer_within)
        self._slots = asyncio.Semaphore(size)
        self._ready = ready
        self._idle: list[Connection] = []
        self._ended = False
        self.answer_within = answer_within

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(self._make_ready() for _ in range(self._ready)))
        return self

    async def _make_ready(self) -> None:
        """One more, while the others are being made; where it can't be, whoever needs it is told why."""
        with suppress(StoreUnavailable):
            async with self._session(self.answer_within):
                pass

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def session(self, *, within: float | None = None) -> AsyncIterator[Connection]:
        """A connection in autocommit, for one use of at most `within` seconds; errors come out translated."""
        try:
            async with self._session(within or self.answer_within) as connection:
                yield connection
        except StoreUnavailable:
            self._failed()
            raise

    @asynccontextmanager
    async def _session(self, within: float) -> AsyncIterator[Connection]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        await self._wait_for_slot(deadline)
        try:
            with translated():
                connection = await self._take(deadline)
                watch = loop.call_at(deadline, _cut, connection)
                try:
                    yield connection
                except asyncio.CancelledError:
                    await connection.close()  # nobody knows what is still to come on it
                    raise
                finally:
                    try:
                        await self._give_back(connection)
                    finally:
                        watch.cancel()
        finally:
            self._slots.release()

    async def _wait_for_slot(self, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError as exc:
            raise StoreUnavailable("all connections to the database are in use") from exc

    async def _take(self, deadline: float) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not _has_ended(connection):
                return connection
            await connection.close()
        try:
            async with asyncio.timeout_at(deadline):
                return await AsyncConnection.connect(self._conninfo, autocommit=True)
        except TimeoutError as exc:
            raise StoreUnavailable("the database did not accept a connection in time") from exc

    async def _give_back(self, connection: Connection) -> None:
        """Kept only where nothing is left on it: the remains of a cut-off use would swallow the next one's writes."""
        kept = False
        try:
            if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
                with suppress(psycopg.Error):
                    await connection.rollback()
            kept = _is_idle(connection) and not self._ended
        finally:
            if kept:
                self._idle.append(connection)
            else:
                await connection.close()


def understood(url: str) -> dict[str, Any]:
    """What an address says. Raises StoreUnavailable, without PostgreSQL's words: they may hold a password."""
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        raise StoreUnavailable("the database's URL is not one that PostgreSQL understands") from None


def conninfo(url: str, *, silent_after: float) -> str:
    """The address with our session settings: a statement, or a transaction left lying, ends after so many seconds.

    What the URL itself says about a setting is kept. Raises StoreUnavailable where it can't be understood.
    """
    told = understood(url)
    milliseconds = int(silent_after * 1000)
    settings = {
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,  # a replica that vanished holds no locks
        "timezone": "UTC",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    ours: dict[str, str | int] = {
        "application_name": "opsbot",
        "connect_timeout": max(2, round(silent_after)),  # PostgreSQL takes no less than 2
        "tcp_user_timeout": milliseconds,
    }
    return make_conninfo(url, **{**ours, **told, "options": f"{options} {told.get('options') or ''}".strip()})


def _is_idle(connection: Connection) -> bool:
    info = connection.info
    return info.transaction_status == TransactionStatus.IDLE and info.pipeline_status == PipelineStatus.OFF


def _has_ended(connection: Connection) -> bool:
    """Whether the server closed it while it lay idle: only then is there anything to read."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _cut(connection: Connection) -> None:
    """Make whoever waits for this connection's answer see its end."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as handle:
        handle.shutdown(socket.SHUT_RDWR)
