"""The bot's records, read as its owner reads them: what an auditor sees, whatever the bot says."""

import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import psycopg

from sandbox.waiting import until

Json = dict[str, Any]
Wanted = Callable[[Json], bool]
OVER = frozenset({"succeeded", "failed", "aborted", "rejected", "expired", "superseded"})


class Records:
    """One connection, opened anew where it was cut; an async context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the database answers. OperationalError while it is not there."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        try:
            return await (await self._connection.execute(query.encode(), values)).fetchall()
        except psycopg.OperationalError:
            if not self._connection.closed:
                raise
            return await self.rows(query, **values)  # it was cut since it was last used

    async def run(self, run: str) -> Json:
        """A run's stored state."""
        [(state,)] = await self.rows("select state::text from streams where name = %(name)s", name=f"run/{run}")
        found: Json = json.loads(state)
        return found

    async def events(self, run: str) -> list[Json]:
        """A run's events, oldest first."""
        found = await self.rows("select data from events where stream = %(name)s order by version", name=f"run/{run}")
        return [json.loads(data) for (data,) in found]

    async def until(self, run: str, wanted: Wanted, *, seconds: float = 30, what: str = "") -> Json:
        """The run's state once it is as wanted."""

        last: Json = {}

        async def seen() -> bool:
            last.update(await self.run(run))
            assert wanted(last) or not over(last), f"{run} ended otherwise than waited for ({what}): {brief(last)}"
            return wanted(last)

        try:
            await until(seen, seconds=seconds, what=what)
        except TimeoutError as late:
            raise TimeoutError(f"{run}, not within {seconds:g} s: {what or 'as wanted'}. {brief(last)}") from late
        return last


def brief(state: Json) -> str:
    """Where a run stands, in a line."""
    steps = {name: outcome(state, name) for name in state["steps"]}
    return f"{state['status']} {state['reason']} {steps} {' '.join(state['notes'])}".strip()


def over(state: Json) -> bool:
    """Whether nothing moves the run any more."""
    return state["status"] in OVER


def outcome(state: Json, step: str) -> str:
    """How far a step is: "" before its intent, "began" after it, then what was recorded of it."""
    found = state["steps"].get(step)
    if found is None or not found["epoch"]:
        return ""
    return str((found["outcome"] or {}).get("kind", "began"))


def asks_for_approval(state: Json) -> bool:
    """Whether it waits for approvals."""
    return state["status"] == "running" and outcome(state, "approval") == "began" and not state["approvals"]
