"""SIGKILL of the holder, in the middle of a step, to the work going on in another process."""

import asyncio
import random
from contextlib import AsyncExitStack

from benchmarks.contest import SETTLED, SLOTS, Contestant
from benchmarks.table import Row, quantile

ROUNDS = 4
RENEWED = 3.0  # seconds; a kill comes at any moment between two renewals
LONGEST = 15.0  # seconds, the aim
WATCHED = 60.0  # seconds for which a process that stands is watched, where nothing goes on there
STALLED = 120.0  # seconds; procrastinate's 30 s, its minute, and what it takes to start
APART = 20.0  # seconds between its kills, so that they meet its clock at different moments
_DRAWN = random.Random(7)  # noqa: S311  # it keeps no secret


async def measure(opsbot: Contestant, dbos: Contestant, procrastinate: Contestant) -> list[Row]:
    """All three side by side: they wait nearly all the time."""
    (ours, again), (stood, theirs), stalled = await asyncio.gather(
        _opsbot(opsbot), _dbos(dbos), _procrastinate(procrastinate)
    )
    worst = quantile(ours, 0.99)
    said = f"{quantile(ours, 0.5):.1f} s, {worst:.1f} s"
    none = f"{dbos.name}: {'not within' if stood is None else 'after'} {stood or WATCHED:.0f} s"
    return [
        Row(
            "SIGKILL of the holder to its runs going on elsewhere, p50, p99",
            said,
            aim="p99 ≤ 15 s",
            held=worst <= LONGEST,
        ),
        Row("the same, beside a process that stands", said, none, aim="ahead", held=stood is None or worst < stood),
        Row(
            "the same, beside a process that stands",
            said,
            f"{procrastinate.name}: {quantile(stalled, 0.5):.0f} s, {quantile(stalled, 0.99):.0f} s",
            ratio=quantile(ours, 0.5) / quantile(stalled, 0.5),
            aim="ahead",
            held=worst < min(stalled),
        ),
        Row(
            "SIGKILL to its runs going on in the same process, started again at once, p50, p99",
            f"{quantile(again, 0.5):.1f} s, {quantile(again, 0.99):.1f} s",
            f"{dbos.name}: {quantile(theirs, 0.5):.1f} s, {quantile(theirs, 0.99):.1f} s",
            ratio=quantile(again, 0.5) / quantile(theirs, 0.5),
            aim="ahead",
            held=quantile(again, 0.5) < quantile(theirs, 0.5),
        ),
    ]


async def _opsbot(contestant: Contestant) -> tuple[list[float], list[float]]:
    """Seconds, where another process stands, and where the same is started again."""
    elsewhere: list[float] = []
    for number in range(ROUNDS):
        async with contestant.works("a", hangs=True) as doomed:
            await _hold(contestant, f"killed{number}-")
            await doomed.until("started", SLOTS)
            async with contestant.works("b") as standing:
                await asyncio.sleep(_DRAWN.uniform(0, RENEWED))
                killed = doomed.kill()
                elsewhere += [told.at - killed for told in await standing.until("started", SLOTS)]
                await standing.until("ended", SLOTS)
                await asyncio.sleep(SETTLED)
    return elsewhere, [seconds for number in range(ROUNDS // 2) for seconds in await _again(contestant, number)]


async def _hold(contestant: Contestant, prefix: str) -> None:
    await contestant.asks(SLOTS, prefix=prefix)


async def _again(contestant: Contestant, number: int) -> list[float]:
    """Kill, and start the same one again at once, as a supervisor does."""
    async with contestant.works("a", hangs=True) as doomed:
        await _hold(contestant, f"again{number}-")
        await doomed.until("started", SLOTS)
        await asyncio.sleep(_DRAWN.uniform(0, RENEWED))
        killed = doomed.kill()
    async with contestant.works("a") as anew:
        found = [told.at - killed for told in await anew.until("started", SLOTS)]
        await anew.until("ended", SLOTS)
        await asyncio.sleep(SETTLED)
        return found


async def _dbos(contestant: Contestant) -> tuple[float | None, list[float]]:
    """Where another executor stands (None: nothing went on there), and where the same one is started again."""
    stood: float | None = None
    async with contestant.works("a", hangs=True) as doomed:
        await _hold(contestant, "killed-")
        await doomed.until("started", SLOTS)
        async with contestant.works("b") as standing:
            killed = doomed.kill()
            try:
                stood = max(told.at for told in await standing.until("started", SLOTS, seconds=WATCHED)) - killed
            except TimeoutError:
                stood = None
    async with contestant.works("a") as anew:
        await anew.until("ended", SLOTS)
    return stood, [seconds for number in range(ROUNDS) for seconds in await _again(contestant, number)]


async def _procrastinate(contestant: Contestant) -> list[float]:
    """Three workers are killed one after the other; a fourth one stands."""
    found: list[float] = []
    async with AsyncExitStack() as stack:
        doomed = []
        for number in range(ROUNDS - 1):
            worker = await stack.enter_async_context(contestant.works(f"doomed{number}", hangs=True))
            await _hold(contestant, f"killed{number}-")
            await worker.until("started", SLOTS)
            doomed.append(worker)
        standing = await stack.enter_async_context(contestant.works("standing"))
        killed: dict[str, float] = {}
        for worker in doomed:
            at = worker.kill()
            killed |= dict.fromkeys((told.item for told in worker.of("started")), at)
            await asyncio.sleep(APART)
        for told in await standing.until("started", len(killed), seconds=STALLED):
            found.append(told.at - killed[told.item])
    return found
