"""From ready to taken up by a worker, beside both peers; and durable steps a second."""

import asyncio

from benchmarks.contest import SETTLED, SLOTS, Contestant, Program, Told
from benchmarks.table import Row, milliseconds, quantile

COUNT, GAP, WARM = 200, 0.1, 20  # items, seconds between two on average, items before that
STEPS, ROUNDS = 20, 4  # of each run; the first round is left out


async def measure(opsbot: Contestant, peers: list[Contestant]) -> list[Row]:
    """Both figures of all three, one after the other."""
    found = {each.name: await _started(each) for each in (opsbot, *peers)}
    speed = {each.name: await _steps(each) for each in (opsbot, *peers)}
    ours = found[opsbot.name]
    rows = []
    for name, what in (("held", "ready to taken up"), ("started", "ready to its first step's function")):
        for peer in peers:
            rows.append(
                _beside(what, ours[name], peer=peer, theirs=found[peer.name]["started"], aimed=name == "held")
            )
    for peer in peers:
        mine, theirs = speed[opsbot.name], speed[peer.name]
        rows.append(
            Row("durable steps a second", f"{mine:.0f}", f"{peer.name}: {theirs:.0f}", ratio=mine / theirs, aim="")
        )
    return rows


def _beside(what: str, ours: list[float], *, peer: Contestant, theirs: list[float], aimed: bool) -> Row:
    return Row(
        f"{what}, p50, p99",
        f"{milliseconds(ours, 0.5)}, {milliseconds(ours, 0.99)}",
        f"{peer.name}: {milliseconds(theirs, 0.5)}, {milliseconds(theirs, 0.99)}",
        ratio=quantile(ours, 0.5) / quantile(theirs, 0.5),
        aim="ahead (p50)" if aimed else "",
        held=quantile(ours, 0.5) < quantile(theirs, 0.5) if aimed else None,
    )


async def _started(contestant: Contestant) -> dict[str, list[float]]:
    """Seconds from ready to each word."""
    async with contestant.works() as worker:
        await contestant.asks(WARM, gap=GAP, prefix="warm")
        await worker.until("ended", WARM)
        ready = await contestant.asks(COUNT, gap=GAP, prefix="timed")
        await worker.until("ended", WARM + COUNT)
        return {word: _since(ready, worker, word) for word in ("held", "started")}


def _since(ready: list[Told], worker: Program, word: str) -> list[float]:
    first: dict[str, float] = {}
    for told in worker.of(word):
        first.setdefault(told.item, told.at)
    return [first[told.item] - told.at for told in ready if told.item in first]


async def _steps(contestant: Contestant) -> float:
    """The median of some rounds: so many runs at once as there are slots, from the first start to the last end."""
    jobs = SLOTS * STEPS if contestant.items_are_steps else SLOTS
    speeds = []
    for number in range(ROUNDS):
        async with contestant.works() as worker:
            await contestant.asks(SLOTS, steps=STEPS, prefix=f"steps{number}-")
            ended = await worker.until("ended", jobs)
            began = min(told.at for told in worker.of("started"))
            speeds.append(SLOTS * STEPS / (max(told.at for told in ended) - began))
            await asyncio.sleep(SETTLED)
    return quantile(speeds[1:], 0.5)
