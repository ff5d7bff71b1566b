"""One campaign: the load, the nemesis, then quiet until all has ended, then the check."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from sandbox.waiting import until
from tests.chaos.checker import Kind, Violation, violations
from tests.chaos.ledger import seen
from tests.chaos.nemesis import Nemesis
from tests.chaos.people import People
from tests.chaos.seen import Seen
from tests.chaos.world import World, world

TOLD_EVERY = 15.0  # seconds
ENDS_WITHIN = 300.0  # seconds from when nothing fails any more
SETTLED_AFTER = 120.0  # seconds, at most, until the last card is drawn
_ENDS = "select coalesce(state->>'status', ''), count(*) from streams where name like 'run/%' group by 1"
_DUE = (
    "select count(*) from work where kind in ('run', 'messages') "
    "and (due is not null or leased_until > clock_timestamp())"
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is to be played."""

    seed: int
    seconds: float  # of load and faults; the end comes after that
    services: int = 40
    lanes: Callable[[World, int], Nemesis] = Nemesis


@dataclass
class Result:
    """What came of it."""

    asked: Asked
    seconds: float
    ends: Counter[str]  # runs by how they ended
    met: Counter[str]  # faults by kind
    did: Counter[str]  # gestures by kind
    effects: Counter[str]
    checked: Counter[str]  # what there was to be checked
    found: list[Violation]
    ended: list[str] = field(default_factory=list)  # processes that ended by themselves

    def of(self, kind: Kind) -> int:
        """How many violations of this kind."""
        return sum(found.kind is kind for found in self.found)


async def play(folder: Path, asked: Asked, say: Say) -> Result:
    """Play it."""
    began = time.monotonic()
    async with world(folder, services=asked.services, seed=asked.seed) as made:
        for bot in made.bots.every:
            await made.bots.start(bot)
        await made.slack.bot_connected(seconds=60)
        say(f"{asked.services} services and three processes are up after {time.monotonic() - began:.0f} s")
        people, nemesis = People(made, asked.seed), asked.lanes(made, asked.seed)
        tending = asyncio.create_task(made.bots.tend())
        telling = asyncio.create_task(_tell(made, nemesis, say))
        try:
            stuck = await _live(made, people, nemesis, asked)
        finally:
            for task in (tending, telling):
                task.cancel()
            await asyncio.gather(tending, telling, return_exceptions=True)
        await made.bots.end()
        facts = await seen(made, stuck)
        return _result(made, asked, people, nemesis, facts, seconds=time.monotonic() - began)


async def _live(made: World, people: People, nemesis: Nemesis, asked: Asked) -> list[str]:
    """Load and faults, then quiet; what stands still after that."""
    living = asyncio.create_task(people.live())
    raging = asyncio.create_task(nemesis.rage())
    done, _ = await asyncio.wait({living, raging}, timeout=asked.seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()
    people.ending.set()
    nemesis.ended.set()
    await raging
    await nemesis.calm()
    try:
        async with asyncio.timeout(ENDS_WITHIN):
            await living
        await until(lambda: _settled(made), seconds=SETTLED_AFTER, what="the last card")
    except TimeoutError as late:
        return [*people.stuck, f"not all had ended in time: {late}"]
    return people.stuck


async def _settled(made: World) -> bool:
    """Whether no run and no message is due any more."""
    with suppress(psycopg.Error):
        return await asyncio.to_thread(made.postgres.execute, _DUE, database="opsbot") == [(0,)]
    return False


async def _tell(made: World, nemesis: Nemesis, say: Say) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(TOLD_EVERY)
        try:
            ends = dict(await asyncio.to_thread(made.postgres.execute, _ENDS, database="opsbot"))
        except psycopg.Error:
            ends = {}
        kills, restarts = made.bots.kills, nemesis.met["database restarts"]
        told = ", ".join(f"{count} {status}" for status, count in ends.items()) or "the database is away"
        say(f"{time.monotonic() - began:5.0f} s: {told}; {kills} kills, {restarts} database restarts")


def _result(made: World, asked: Asked, people: People, nemesis: Nemesis, facts: Seen, *, seconds: float) -> Result:
    ends = Counter(f"{run.command} {run.status}" for run in facts.runs.values())
    met = Counter({"kills": made.bots.kills, "stops": made.bots.stops})
    met += nemesis.met
    met += Counter({f"API {kind}": times for kind, times in made.api.met.items()})
    met += Counter({f"gestures {fate}": times for fate, times in made.hands.fates.items()})
    effects = Counter(effect.target.split()[0] for effect in facts.effects)
    checked = Counter(
        {
            "acknowledgements": sum(bool(told.accepted or told.binding) for told in facts.told),
            "messages": len(facts.wanted),
            "cards": sum(map(bool, facts.wanted.values())),
        }
    )
    return Result(asked, seconds, ends, met, people.did, effects, checked, violations(facts), made.bots.ended)
