"""Acknowledgements while every round trip to the database takes half a second more, for workers beside it too."""

import asyncio

from benchmarks.acknowledge import paced
from benchmarks.small import RILEY, small
from benchmarks.table import Row, quantile
from bot.wiring import AT_ONCE
from runbooks.engine import asks
from sandbox.far import far_away

AWAY, RATE, COUNT = 0.5, 10, 200  # seconds, a second, commands
TRIPS, WORST = 4, 3.0  # the aims: round trips, seconds
SLOTS = 8


async def measure(url: str) -> list[Row]:
    """On a database of its own."""
    told: list[str] = []
    async with (
        far_away(url, AWAY) as way,
        far_away(url, AWAY) as other,
        small(way.address, services=COUNT, steps=1, at_once=AT_ONCE) as people,
        small(other.address, services=COUNT, steps=1) as works,
    ):
        working = asyncio.create_task(works.works(SLOTS, lambda *_: None))

        async def deploy(number: int) -> None:
            reply = await people.reception.handle(asks.Deploy(f"api-{number}", "v2"), by=RILEY, key=f"far/{number}")
            if reply.did == "started":
                told.append(str(reply.facts["run"]))

        before = way.round_trips
        took = await paced(deploy, 0.0, count=COUNT, rate=RATE)
        trips = (way.round_trips - before) / COUNT
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    lost = await _lost(url, told)
    said = f"p50 {quantile(took, 0.5):.2f} s, p99 {quantile(took, 0.99):.2f} s, longest {max(took):.2f} s"
    what = f"ack, {RATE} a second, each round trip {AWAY * 1000:.0f} ms slower"
    return [
        Row(what, said, aim=f"none over {WORST:.0f} s", held=max(took) <= WORST and len(told) == COUNT),
        Row("its round trips, on average", f"{trips:.2f}", aim=f"at most {TRIPS}", held=trips <= TRIPS),
        Row("its acknowledged and lost", f"{lost} of {len(told)}", aim="none", held=not lost),
    ]


async def _lost(url: str, told: list[str]) -> int:
    """Of what was acknowledged, how much the database does not know."""
    async with small(url, services=1, steps=1) as near:
        streams = (await near.store.read([f"run/{run}" for run in told])).streams
    return sum(stored.version == 0 for stored in streams.values())
