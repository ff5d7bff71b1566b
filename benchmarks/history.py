"""Reading a stream of 10,000 events, beside the floor: the same rows fetched by a plain SELECT."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from benchmarks.small import RILEY, Small, small
from benchmarks.table import Row, milliseconds, quantile
from bot.adapters.postgres.pool import Pool
from runbooks.audit import chain
from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.runs.commands import Note

EVENTS, AT_ONCE, TIMES = 10_000, 500, 15  # of the stream, of a commit, reads
_FLOOR = b"select stream, version, data, actor, at, previous, hash from events where stream = %s order by version"


async def measure(url: str) -> list[Row]:
    """On a database of its own."""
    async with small(url, services=1, steps=1) as made, Pool(url) as pool:
        stream = await _filled(made)

        async def floor() -> None:
            async with pool.session(within=60) as connection:
                await (await connection.execute(_FLOOR, (stream,))).fetchall()

        async def read() -> None:
            await made.store.history(stream)

        floors, reads = await _timed(floor), await _timed(read)
        events = await made.store.history(stream)
        began = time.perf_counter()
        faults = chain.faults(events)
        checked = time.perf_counter()
    if faults or len(events) < EVENTS:
        raise RuntimeError(f"{len(events)} events, {faults}")
    return [
        Row(
            f"read of a stream of {len(events):,} events, p50",
            milliseconds(reads, 0.5),
            f"plain SELECT: {milliseconds(floors, 0.5)}",
            ratio=quantile(reads, 0.5) / quantile(floors, 0.5),
        ),
        Row("its chain checked", f"{(checked - began) * 1000:.0f} ms"),
    ]


async def _filled(made: Small) -> str:
    reply = await made.reception.handle(asks.Deploy("api-0", "v2"), by=RILEY, key="history")
    stream = f"run/{reply.facts['run']}"
    for begins in range(0, EVENTS, AT_ONCE):
        draft = Draft(store=made.store, catalogue=made.catalogue, now=datetime.now(UTC))
        for number in range(begins, begins + AT_ONCE):
            await draft.apply(stream, Note(f"Made-up note {number}"))
        await made.store.commit(draft.changes())
    return stream


async def _timed(act: Callable[[], Awaitable[None]]) -> list[float]:
    """Seconds that each took."""
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await act()
        found.append(time.perf_counter() - began)
    return found
