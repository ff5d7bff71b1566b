"""Streams and events between their rows and the values that the rooms know."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from pydantic import ValidationError

from bot.adapters.postgres.pool import Connection
from bot.adapters.postgres.queries import query
from runbooks.store import Fold, OlderRelease, Recorded


class States:
    """Reads and writes states by the fold of their room, the part of a stream's name before the first slash."""

    def __init__(self, folds: Mapping[str, Fold]) -> None:
        self._folds = folds

    def fold(self, stream: str) -> Fold:
        """The fold of this stream's room. KeyError where nobody knows the room."""
        return self._folds[room(stream)]

    def text(self, stream: str, state: Any) -> str:
        """The state as it is stored."""
        return self.fold(stream).state_type.dump_json(state).decode()

    async def stored(self, connection: Connection, *, stream: str, number: int, text: str) -> Any:
        """The state from its row; made anew from the events where another fold made it. Raises OlderRelease."""
        fold = self.fold(stream)
        if number == fold.number:
            return fold.state_type.validate_json(text)
        try:
            return self.folded(stream, await history(connection, stream))
        except ValidationError as cause:
            if number > fold.number:
                raise OlderRelease(f"{stream} is of a newer release of Opsbot than this one") from cause
            raise

    def folded(self, stream: str, events: Iterable[Recorded]) -> Any:
        """The state that these events make."""
        fold = self.fold(stream)
        told = (fold.event_type.validate_json(event.data) for event in events)
        return reduce(fold.evolve, told, fold.start(stream))


def room(stream: str) -> str:
    """The room a stream belongs to, which is also the kind of its work: "run" of "run/D-7"."""
    return stream.partition("/")[0]


async def history(connection: Connection, stream: str) -> list[Recorded]:
    """All events of a stream, oldest first."""
    cursor = await connection.execute(query("history"), {"stream": stream})
    return [Recorded(*row) async for row in cursor]
