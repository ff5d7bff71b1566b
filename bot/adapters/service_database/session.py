"""One session that migrates: runs a script and its row in the ledger as the script's kind asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
from psycopg.pq import TransactionStatus

from bot.adapters.service_database import ledger
from bot.adapters.service_database.errors import failed
from bot.adapters.service_database.statements import statement
from runbooks.catalogue import Migrations
from runbooks.steps.base import Turn
from runbooks.steps.migrations.database import DatabaseUnfit, Row, Script, ScriptFailed, State
from runbooks.steps.migrations.sql import Kind, Statement, outside_only

_UNDER_WAY = {State.APPLIED: State.APPLYING, State.REVERTED: State.REVERTING}
_BEFORE = {State.APPLIED: State.REVERTED, State.REVERTED: State.APPLIED}
_NO_LIMIT = timedelta(0)


class MigrationSession:
    """Made by `ServiceDatabases.session`, which holds the lock that makes it the only one.

    Every transaction that writes takes the fence row first, so a newer epoch refuses it or waits for its end.
    """

    def __init__(self, connection: ledger.Connection, turn: Turn, settings: Migrations) -> None:
        self._connection = connection
        self._turn = turn
        self._settings = settings

    async def rows(self) -> tuple[Row, ...]:
        """The ledger, by number."""
        async with self._telling():
            return await ledger.rows(self._connection)

    async def note(self, number: int, state: State) -> None:
        """Write down what a person found a migration to be."""
        async with self._writing():
            await self._connection.execute(statement("note"), {**self._us, "number": number, "state": state})

    async def run(self, script: Script) -> float:
        """Run a script; the seconds it took, 0 where the ledger says that it had been run."""
        async with self._telling():
            await self._forget()
            # An index built concurrently waits for old transactions and blocks nobody: the limit would only break it.
            lock = _NO_LIMIT if script.sql.kind is Kind.OUTSIDE_TRANSACTIONS else self._settings.lock_timeout
            await ledger.limit(self._connection, lock=lock, statements=self._settings.statement_timeout)
        if script.sql.kind is Kind.PLAIN:
            return await self._in_one_transaction(script)
        return await self._as_written(script)

    async def _in_one_transaction(self, script: Script) -> float:
        async with self._writing():
            if not await self._begin(script, script.goal):
                return 0.0
            for part in script.sql.statements:
                await self._execute(part)
            return await self._finish(script, script.goal)

    async def _as_written(self, script: Script) -> float:
        """Outside a transaction of ours: the intent is committed first, so a cut leaves it in doubt."""
        async with self._writing():
            if not await self._begin(script, _UNDER_WAY[script.goal]):
                return 0.0
        try:
            await self._statements(script)
        except ScriptFailed as failure:
            async with self._writing():
                await self._finish(script, State.FAILED if failure.kept else _BEFORE[script.goal])
            raise
        async with self._writing():
            return await self._finish(script, script.goal)

    async def _statements(self, script: Script) -> None:
        kept = False  # whether anything is committed already
        for part in script.sql.statements:
            alone = self._idle
            if alone:
                async with self._telling():
                    await ledger.refuse_if_fenced(self._connection, self._turn.epoch)
            try:
                await self._execute(part)
            except ScriptFailed as cause:
                await self._connection.rollback()
                left = kept or (alone and outside_only(part.node))
                raise ScriptFailed(cause.error, line=cause.line, kept=left, waited=cause.waited) from cause
            kept = kept or self._idle
        await self._look_at_indexes(script)

    async def _look_at_indexes(self, script: Script) -> None:
        async with self._telling():
            names = {"names": list(script.sql.indexes)}
            found = await (await self._connection.execute(statement("invalid"), names)).fetchall()
        if found:
            invalid = ", ".join(str(name) for (name,) in found)
            told = f"the index {invalid} is not valid; drop it before it is built again"
            raise ScriptFailed(told, line=0, kept=True)

    async def _execute(self, part: Statement) -> None:
        try:
            await self._connection.execute(part.text.encode())
        except psycopg.Error as cause:
            raise failed(cause, self._connection, part) from cause

    async def _begin(self, script: Script, state: State) -> bool:
        """Write the row as it begins; False where the goal is reached already."""
        row = {
            "number": script.number,
            "name": script.migration,
            "checksum": script.checksum,
            "kind": script.sql.kind,
            "state": state,
            "goal": script.goal,
            "commit": script.commit,
        }
        found = await self._connection.execute(statement("begin"), {**self._us, **row})
        return await found.fetchone() is not None

    async def _finish(self, script: Script, state: State) -> float:
        await self._connection.execute("reset session authorization")  # and the role: the file may have set one
        found = await self._connection.execute(statement("finish"), {"number": script.number, "state": state})
        row = await found.fetchone()
        return float(row[0]) if row else 0.0

    async def _forget(self) -> None:
        await self._connection.execute(statement("prepare"))

    @property
    def _us(self) -> dict[str, object]:
        return {"epoch": self._turn.epoch, "run": self._turn.site.run, "runner": self._turn.by}

    @property
    def _idle(self) -> bool:
        return self._connection.info.transaction_status is TransactionStatus.IDLE

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """A transaction that holds the fence row. Raises Fenced, AnswerLost, ScriptFailed."""
        async with self._telling(), self._connection.transaction():
            mine, others = await ledger.lock_holders(self._connection)
            if not mine:
                raise DatabaseUnfit(
                    f"The lock of this session is lost ({others} holds it): "
                    "migrations need a direct connection, not a pooler that shares sessions."
                )
            await ledger.claim(self._connection, self._turn.epoch)
            yield

    @asynccontextmanager
    async def _telling(self) -> AsyncIterator[None]:
        try:
            yield
        except psycopg.Error as cause:
            raise failed(cause, self._connection) from cause
