"""Hearing at once that work is due. A missed notification costs time, never work: whoever listens also polls."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from bot.adapters.postgres.pool import conninfo
from bot.adapters.postgres.queries import query

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0
_KEEPALIVE = {"keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3"}


async def listen(url: str, heard: Callable[[frozenset[str]], None]) -> None:
    """Call `heard` with the kinds of work that each notification names; with none after every connection made.

    None means all: some may have been missed.

    Runs until cancelled, on a connection of its own; connects again with a growing wait.
    """
    wait = _FIRST_WAIT
    while True:
        try:
            async with await AsyncConnection.connect(_address(url), autocommit=True) as connection:
                await connection.execute(query("listen"))
                heard(frozenset())
                wait = _FIRST_WAIT
                async with aclosing(connection.notifies()) as notifications:
                    async for notification in notifications:
                        heard(frozenset(notification.payload.split()))
        except psycopg.OperationalError:
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def _address(url: str) -> str:
    return make_conninfo(conninfo(url, silent_after=2), **_KEEPALIVE)
