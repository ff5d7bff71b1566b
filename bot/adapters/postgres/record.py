"""What auditors read: all that was recorded of a service in a period, a part after the other."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.adapters.postgres.pool import Connection, Pool
from bot.adapters.postgres.queries import query
from runbooks.digests import canonical
from runbooks.store import Recorded

_TOGETHER = 50  # streams that are read at once
_PATIENT = 30.0  # seconds for a part; nobody's acknowledgement waits for it


def reading(url: str) -> Pool:
    """Connections for reading at leisure: apart from those that people wait for."""
    return Pool(url, size=2, answer_within=_PATIENT)


class PostgresRecord:
    """Meets `runbooks.engine.audits.Record`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def events(self, service: str, *, since: datetime, until: datetime) -> list[Recorded]:
        """Every event before `until` of the runs, findings and incidents that moved then, of releases and tenants.

        Each stream is whole from its first event on. Raises StoreUnavailable.
        """
        named = f'"service":{canonical(service)}'  # as it stands in their first events
        async with self._pool.session() as connection:
            rows = await _rows(connection, "audited", service=service, named=named, since=since, until=until)
        found: list[Recorded] = []
        for first in range(0, len(rows), _TOGETHER):
            found += await self._histories(rows[first : first + _TOGETHER])
        return found

    async def _histories(self, wanted: Sequence[tuple[Any, ...]]) -> list[Recorded]:
        asked = json.dumps([{"stream": stream, "last": last} for stream, last in wanted])
        async with self._pool.session() as connection:
            return [Recorded(*row) for row in await _rows(connection, "history_to", wanted=asked)]

    async def tenants(self) -> frozenset[str]:
        """The codes of all tenants that were ever recorded, of any service. Raises StoreUnavailable."""
        async with self._pool.session() as connection:
            rows = await _rows(connection, "tenants")
        return frozenset(_code(stream, data) for stream, data in rows) - {""}


def _code(stream: str, data: str | None) -> str:
    if data is None:
        return stream.rpartition("/")[2]
    return str(json.loads(data).get("parameters", {}).get("tenant", ""))


async def _rows(connection: Connection, name: str, **values: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query(name), values)).fetchall()
