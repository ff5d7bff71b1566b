"""The doors to databases: every statement of this process that writes, and every end of a transaction."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import TransactionStatus

from bot.adapters.postgres.queries import queries
from tests.faults.points import Points

SERVICE = "service_"  # how the files of statements in services' databases begin
_ASIDE = re.compile(rb"--[^\n]*|'[^']*'|\bfor (no key )?update\b")  # comments, texts, and locks
_WRITES = re.compile(
    rb"^\s*commit\b|\b(insert|update|delete|merge|create|alter|drop|truncate|do|pg_terminate_backend)\b",
    re.IGNORECASE,
)
_POLLED = {"claim"}  # asked for all the time: where it finds nothing, it has written nothing
_REPEATED = {"renew"}  # as often as time passes, each as the first
_SAID = ("kinds", "kind", "key")  # what a statement's values say of it


def writes(statement: bytes) -> bool:
    """Whether something is otherwise once it is committed: a lock ends with its session, a sequence may have gaps."""
    return _WRITES.search(_ASIDE.sub(b"", statement)) is not None


@cache
def named() -> Mapping[bytes, str]:
    """The product's own statements; any other is one of a migration's script."""
    found = {one.statement: name for name, one in queries().items()}
    folder = files("bot.sql").iterdir()
    return found | {one.read_bytes(): one.name[:-4] for one in folder if one.name.startswith(SERVICE)}


def count_statements(points: Points) -> None:
    """From here on each commit of this process stands between two points: of a transaction its end, else each."""
    _Counting(points).begin()


class _Counting:
    def __init__(self, points: Points) -> None:
        self._points = points
        self._written: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()  # in a transaction that is under way
        self._sent: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # a commit that is not answered yet

    def begin(self) -> None:
        execute, leave = psycopg.AsyncCursor.execute, psycopg.AsyncTransaction.__aexit__
        answered = psycopg.AsyncPipeline.__aexit__

        async def counted(cursor: Any, statement: Any, values: Any = None, **named: Any) -> Any:
            return await self._execute(lambda: execute(cursor, statement, values, **named), cursor, statement, values)

        async def left(transaction: Any, kind: Any, *fault: Any) -> Any:
            written = self._written.pop(transaction.connection, [])
            if kind is not None or not written:
                return await leave(transaction, kind, *fault)
            async with self._points.around(f"commit {', '.join(dict.fromkeys(written))}"):
                return await leave(transaction, kind, *fault)

        async def piped(pipeline: Any, *fault: Any) -> None:
            await answered(pipeline, *fault)
            if fault[0] is None and (what := self._sent.pop(pipeline._conn, "")):
                self._points.reach(f"after {what}")

        psycopg.AsyncCursor.execute = counted
        psycopg.AsyncTransaction.__aexit__ = left
        psycopg.AsyncPipeline.__aexit__ = piped

    async def _execute(self, doing: Any, cursor: Any, statement: Any, values: Any) -> Any:
        text = statement if isinstance(statement, bytes) else str(statement).encode()
        name, connection = named().get(text, "a statement of a script"), cursor.connection
        under_way = _under_way(connection)
        if text.lstrip().startswith(b"begin") and name == "begin":
            self._written[connection] = []
        if not writes(text):
            return await doing()
        self._points.through(name)
        if name == "commit":
            return await self._commit(doing, connection)
        if under_way or connection._pipeline:
            self._written.setdefault(connection, []).append(_label(name, values))
            return await doing()
        return await self._alone(doing, name, _label(name, values))

    async def _commit(self, doing: Any, connection: Any) -> Any:
        """Sent with what stands before it: its answer comes at the end of the pipeline."""
        said = self._written.pop(connection, [])
        told = [each for each in said if " " in each] or said
        self._sent[connection] = f"commit {'; '.join(told)}"
        self._points.reach(f"before {self._sent[connection]}")
        return await doing()

    async def _alone(self, doing: Any, name: str, label: str) -> Any:
        if name in _POLLED:
            done = await doing()
            if done.rowcount > 0:
                self._points.reach(f"after {label}")
            return done
        once = name in _REPEATED
        self._points.reach(f"before {label}", once=once)
        done = await doing()
        self._points.reach(f"after {label}", once=once)
        return done


def _under_way(connection: Any) -> bool:
    return connection.info.transaction_status is TransactionStatus.INTRANS


def _label(name: str, values: Any) -> str:
    """The statement and what it is about; of new events which they are."""
    if not isinstance(values, Mapping):
        return name
    if "events" in values:
        return ", ".join(_event(event) for event in json.loads(values["events"]))
    said = [values[each] for each in _SAID if each in values]
    return " ".join([name, *(each if isinstance(each, str) else "+".join(each) for each in said)])


def _event(event: Mapping[str, Any]) -> str:
    told = json.loads(event["data"])
    return " ".join([event["stream"], told["kind"], told.get("step", "")])
