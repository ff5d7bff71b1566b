"""What the database tells of the bot as a whole, for its metrics: one round trip a question, no lock."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.adapters.postgres.pool import Clock, Pool, database_clock
from bot.adapters.postgres.queries import query


@dataclass(frozen=True)
class Waiting:
    """Work of one kind that is due and that nobody holds."""

    count: int
    age: float  # of the oldest, seconds


@dataclass(frozen=True)
class Seen:
    """All that is asked, as of now."""

    waiting: Mapping[str, Waiting]  # by kind
    undelivered: float  # seconds
    outdated: Mapping[str, int]  # records that are behind, by `Lag`


async def look(pool: Pool, *, now: Clock = database_clock) -> Seen:
    """Read it. Raises StoreUnavailable."""
    async with pool.session() as connection:
        waiting = await (await connection.execute(query("waiting"), {"now": now()})).fetchall()
        [(undelivered,)] = await (await connection.execute(query("undelivered"), {"now": now()})).fetchall()
        outdated = await (await connection.execute(query("outdated"))).fetchall()
    return Seen(
        {kind: Waiting(count, float(age)) for kind, count, age in waiting}, float(undelivered), dict(outdated)
    )
