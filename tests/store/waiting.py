"""Waiting for what the database is doing."""

import asyncio

import psycopg


async def until(connection: psycopg.AsyncConnection, condition: str, *, deadline: float = 10) -> None:
    """Return once the query answers true; TimeoutError after `deadline` seconds."""
    async with asyncio.timeout(deadline):
        while True:
            row = await (await connection.execute(condition)).fetchone()
            if row and row[0]:
                return
            try:
                await asyncio.wait_for(asyncio.Event().wait(), 0.01)
            except TimeoutError:
                continue


BLOCKED = """
select count(*) > 0 from pg_stat_activity
 where datname = current_database() and application_name = 'opsbot' and wait_event_type = 'Lock'
"""
