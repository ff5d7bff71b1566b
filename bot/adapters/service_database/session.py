"""One session that migrates: runs a script and its row in the ledger as the script's kind asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.adapters.service_database import ledger
from bot.adapters.service_database.errors import telling
from bot.adapters.service_database.holders import holders
from bot.adapters.service_database.running import forget, run_as_written, run_in_transaction
from bot.adapters.service_database.statements import statement
from runbooks.catalogue import Migrations
from runbooks.steps.base import Turn
from runbooks.steps.migrations.database import DatabaseUnfit, Row, Script, ScriptFailed, State
from runbooks.steps.migrations.sql import Kind

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
            await forget(self._connection)
            # An index built concurrently waits for old transactions and blocks nobody: the limit would only break it.
            lock = _NO_LIMIT if script.sql.kind is Kind.OUTSIDE_TRANSACTIONS else self._settings.lock_timeout
            await ledger.limit(self._connection, lock=lock, statements=self._settings.statement_timeout)
        try:
            if script.sql.kind is Kind.PLAIN:
                return await self._in_one_transaction(script)
            return await self._as_written(script)
        except ScriptFailed as failure:
            if failure.waited and failure.at is not None:
                async with self._telling():
                    failure.holders = await holders(self._connection, failure.at)
            raise

    async def _in_one_transaction(self, script: Script) -> float:
        async with self._writing():
            if not await self._begin(script, script.goal):
                return 0.0
            await run_in_transaction(self._connection, script.sql)
            return await self._finish(script, script.goal)

    async def _as_written(self, script: Script) -> float:
        """Outside a transaction of ours: the intent is committed first, so a cut leaves it in doubt."""
        async with self._writing():
            if not await self._begin(script, _UNDER_WAY[script.goal]):
                return 0.0
        try:
            await run_as_written(self._connection, script.sql, self._refuse_if_fenced)
        except ScriptFailed as failure:
            async with self._writing():
                await self._finish(script, State.FAILED if failure.kept else _BEFORE[script.goal])
            raise
        async with self._writing():
            return await self._finish(script, script.goal)

    async def _refuse_if_fenced(self) -> None:
        async with self._telling():
            await ledger.refuse_if_fenced(self._connection, self._turn.epoch)

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

    @property
    def _us(self) -> dict[str, object]:
        return {"epoch": self._turn.epoch, "run": self._turn.site.run, "runner": self._turn.by}

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
        with telling(self._connection):
            yield
