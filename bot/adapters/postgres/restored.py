"""What a dump needs of the server that it is restored into, and what stands there afterwards."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg

from bot.adapters.postgres.errors import translated
from bot.adapters.postgres.queries import query

RESTORER, DATABASE = "restorer", "restored"
_LEFT_OUT = re.compile(rb"ALTER .* OWNER TO |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES |\\(un)?restrict ")
_DATA = re.compile(rb"COPY .* FROM stdin;$")


@dataclass(frozen=True)
class Contents:
    """How much there is, and how new."""

    streams: Mapping[str, int]  # by room
    events: int
    newest: datetime | None


def readable(dump: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a plain dump, without owners and grants, of whom this server knows none, and `restrict`."""
    data = False
    for line in dump:
        if data or not _LEFT_OUT.match(line):
            yield line
        data = line != b"\\.\n" if data else bool(_DATA.match(line))


def make_room(server: str) -> None:
    """An empty database of the restorer's; the address is the superuser's. Blocks."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(query("restorer"))
        connection.execute(query("room_to_restore"))


def contents(url: str) -> Contents | None:
    """What stands there; None where it is not Opsbot's database. Blocks."""
    with translated(), psycopg.connect(url) as connection:
        try:
            row = connection.execute(query("contents")).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return None
    rooms, events, newest = row or ({}, 0, None)
    return Contents(json.loads(rooms) if isinstance(rooms, str) else rooms or {}, events, newest)


def applied(url: str) -> list[tuple[int, str]]:
    """The migrations that made it, by number. Blocks."""
    with translated(), psycopg.connect(url) as connection:
        return [(row[0], row[1]) for row in connection.execute(query("ledger")).fetchall()]
