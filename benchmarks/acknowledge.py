"""From the handler's call to the committed acknowledgement, beside the floor: one committed INSERT at the same rate.

Both are asked for in one process at a steady rate, whatever is still under way, the INSERT in the middle between two
commands. Slack's own way and the look-up of a membership, which is a cache's, are left out.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.small import RILEY, Small, small
from benchmarks.table import Row, milliseconds, quantile
from bot.adapters.postgres.pool import Pool
from runbooks.engine import asks

RATE, COUNT, WARM = 50, 1500, 100  # a second, commands that count, commands before that
TIMES, WORST = 10, 0.010  # the aims: times the floor at the median; seconds
_FLOOR = b"insert into inbox (key, reply, at) values (%s, '{}', now())"

Act = Callable[[int], Awaitable[None]]


async def measure(url: str) -> list[Row]:
    """Both at once, on a database of their own."""
    async with small(url, services=WARM + COUNT, steps=1, at_once=16) as made, Pool(url, size=4, ready=4) as pool:

        async def floor(number: int) -> None:
            async with pool.session() as connection:
                await connection.execute(_FLOOR, (f"floor/{number}",))

        found = await asyncio.gather(paced(lambda n: _deploy(made, n), 0.0), paced(floor, 0.5))
    deploys, floors = (values[WARM:] for values in found)
    ratio, worst = quantile(deploys, 0.5) / quantile(floors, 0.5), quantile(deploys, 0.99)
    said = f"{milliseconds(deploys, 0.5)}, {milliseconds(deploys, 0.99)}"
    beside = f"one INSERT: {milliseconds(floors, 0.5)}, {milliseconds(floors, 0.99)}"
    what = f"call to committed ack, {RATE} a second, p50, p99"
    return [
        Row(what, said, beside, ratio=ratio, aim=f"p50 ≤ {TIMES} INSERTs", held=ratio <= TIMES),
        Row(what, said, aim=f"p99 ≤ {WORST * 1000:.0f} ms", held=worst <= WORST),
    ]


async def _deploy(made: Small, number: int) -> None:
    reply = await made.reception.handle(asks.Deploy(f"api-{number}", "v2"), by=RILEY, key=f"ack/{number}")
    if reply.did != "started":
        raise RuntimeError(f"not started: {reply}")


async def paced(act: Act, phase: float, *, count: int = WARM + COUNT, rate: float = RATE) -> list[float]:
    """Seconds that each took, in their order; begun at the rate, `phase` of a period late."""
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()

    async def timed(number: int) -> float:
        at = time.perf_counter()
        await act(number)
        return time.perf_counter() - at

    acting = []
    for number in range(count):
        await asyncio.sleep(began + (number + phase) / rate - loop.time())
        acting.append(asyncio.create_task(timed(number)))
    return await asyncio.gather(*acting)
