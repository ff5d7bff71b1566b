"""What `opsbot doctor` asks of the bot's own database, beside what the start asks (preflight.py)."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from bot.adapters.postgres.errors import translated
from bot.adapters.postgres.migrate import ROLE, migrations
from bot.adapters.postgres.pool import conninfo
from bot.adapters.postgres.queries import query

_SILENT_AFTER = 4.0  # seconds; much else is asked at the same time
_HEARD_WITHIN = 2.0  # seconds
STATEMENT = re.compile(rf"^(grant|revoke) (.+?) on (schema |sequence )?(.+?) (?:to|from) {ROLE};", re.MULTILINE)
_PRIVILEGE = re.compile(r"(\w+)(?: \(([^)]*)\))?")


@dataclass(frozen=True)
class Grant:
    """A privilege that the bot's work needs; `column` is "" where it is one on the whole."""

    kind: str  # table, schema or sequence
    name: str
    privilege: str
    column: str = ""

    def __str__(self) -> str:
        return f"grant {self._what} to {ROLE}"

    def taken_from(self, user: str) -> str:
        """The statement that takes it back, from that user and from the role that holds the grants."""
        return f'revoke {self._what} from {ROLE}, "{user}"'

    @property
    def _what(self) -> str:
        what = f"{self.privilege} ({self.column})" if self.column else self.privilege
        kind = "" if self.kind == "table" else f"{self.kind} "
        return f"{what} on {kind}{self.name}"


def needed() -> tuple[Grant, ...]:
    """All that the migrations grant and no later one takes back."""
    return granted("\n".join(each.text for each in migrations()))


def granted(text: str) -> tuple[Grant, ...]:
    """What stands after these statements, in their order."""
    found: dict[Grant, None] = {}
    for verb, what, kind, names in STATEMENT.findall(text):
        for grant in _grants(what, kind.strip() or "table", names):
            if verb == "grant":
                found[grant] = None
            else:
                found = {each: None for each in found if not _taken(each, grant)}
    return tuple(found)


def _taken(standing: Grant, revoked: Grant) -> bool:
    """What is revoked of the whole is revoked of each column, too."""
    return standing == revoked or (not revoked.column and replace(standing, column="") == revoked)


def _grants(what: str, kind: str, names: str) -> Iterator[Grant]:
    for name in names.split(", "):
        for privilege, columns in _PRIVILEGE.findall(what):
            for column in columns.split(", "):
                yield Grant(kind, name, privilege, column)


async def version(url: str) -> str:
    """The server's version. Raises StoreUnavailable."""
    async with _connected(url) as connection:
        row = await (await connection.execute(query("server"))).fetchone()
        return str(row[0]) if row else ""


async def time_at(url: str) -> datetime:
    """What time it is there. Raises StoreUnavailable."""
    async with _connected(url) as connection:
        [(now,)] = await (await connection.execute(query("time"))).fetchall()
        told: datetime = now
        return told


async def last_epoch(url: str) -> int:
    """The last epoch that was drawn; 0 where none was. Raises StoreUnavailable."""
    async with _connected(url) as connection:
        row = await (await connection.execute(query("last_epoch"))).fetchone()
        return int(row[0]) if row else 0


async def lacking(url: str) -> list[Grant]:
    """What of `needed` the connected role does not have. Raises StoreUnavailable."""
    wanted = needed()
    parts = ("kind", "name", "privilege", "column")
    async with _connected(url) as connection:
        rows = await connection.execute(
            query("lacking"), {part: [getattr(each, part) for each in wanted] for part in parts}
        )
        return [Grant(*row) for row in await rows.fetchall()]


async def exceeding(url: str) -> list[Grant]:
    """What the connected role may change beyond `needed`. Raises StoreUnavailable."""
    async with _connected(url) as connection:
        rows = await (await connection.execute(query("may_change"))).fetchall()
    expected = set(needed())
    return [grant for row in rows if (grant := Grant("table", *row)) not in expected]


async def hears(url: str) -> bool:
    """Whether a notification reaches who listens. Raises StoreUnavailable."""
    async with _connected(url) as listening, _connected(url) as other:
        await listening.execute(query("listen_as_doctor"))
        await other.execute(query("notify_doctor"))
        async with aclosing(listening.notifies(timeout=_HEARD_WITHIN, stop_after=1)) as notifications:
            return [each async for each in notifications] != []


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
    with translated():
        async with await AsyncConnection.connect(conninfo(url, silent_after=_SILENT_AFTER), autocommit=True) as made:
            yield made
