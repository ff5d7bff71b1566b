"""Waiting for what the bot's connections to a database are doing."""

import asyncio

import psycopg

SESSIONS = "select pid from pg_stat_activity where datname = current_database() and application_name = 'opsbot'"
BLOCKED = SESSIONS + " and wait_event_type = 'Lock'"


async def until(url: str, sessions: str, count: int = 1, *, deadline: float = 20) -> None:
    """Return once there are so many such sessions; TimeoutError after `deadline` seconds."""
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,  # a transaction would see the past
        asyncio.timeout(deadline),
    ):
        while len(await (await connection.execute(sessions)).fetchall()) != count:
            await connection.execute("select pg_sleep(0.01)")


def end(url: str, sessions: str) -> None:
    """End these sessions, as an administrator does."""
    with psycopg.connect(url, autocommit=True) as connection:
        for (pid,) in connection.execute(sessions).fetchall():
            connection.execute("select pg_terminate_backend(%s)", (pid,))
