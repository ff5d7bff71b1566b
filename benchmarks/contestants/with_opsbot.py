"""Opsbot as a contestant: the production store, engine and workers; a run is a deploy of so many empty steps."""

import asyncio
import sys
import zlib
from pathlib import Path

if __name__ == "__main__":  # as the peers' programs, it is run by its path
    sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.contestants.telling import gaps, tell
from benchmarks.small import RILEY, Small, small
from bot.adapters.postgres.migrate import grant_login, migrate
from runbooks.engine import asks
from runbooks.store import StoreUnavailable

SLOTS = 8
_SETTLED = 0.1  # seconds; a run's end is committed a moment after its last step told it
_AGAIN = 0.1  # seconds
SERVICES = 200  # a run holds its service's target until it ends; by then nobody asks for this one again


async def _work(url: str, *, slots: int, hangs: bool) -> None:
    async with small(url, services=SERVICES, steps=1) as made:
        tell("up")
        await made.works(slots, tell, hangs=hangs)


async def _ask(url: str, *, count: int, steps: int, gap: float, prefix: str) -> None:
    async with small(url, services=SERVICES, steps=steps) as made:
        first = zlib.crc32(prefix.encode())  # others than were asked for just before
        for number, wait in gaps(count, gap):
            await asyncio.sleep(wait)
            ask = asks.Deploy(f"api-{(first + number) % SERVICES}", "v2")
            reply = await made.reception.handle(ask, by=RILEY, key=f"{prefix}{number}")
            if reply.did != "started":
                raise RuntimeError(f"not started: {reply}")
            tell("ready", str(reply.facts["run"]))


async def _through(url: str, *, count: int, at_once: int) -> None:
    """Ask and work in one process, as `opsbot serve` does; what the database did not take is asked again."""
    loop, more = asyncio.get_running_loop(), asyncio.Semaphore(at_once)

    def told(word: str, run: str) -> None:
        tell(word, run)
        if word == "ended":
            loop.call_later(_SETTLED, more.release)

    async with small(url, services=4 * at_once, steps=1) as made, asyncio.TaskGroup() as group:
        working = group.create_task(made.works(SLOTS, told))
        for number in range(count):
            await more.acquire()
            await _asked(made, number, services=4 * at_once)
        for _ in range(at_once):
            await more.acquire()
        tell("done")
        await working


async def _asked(made: Small, number: int, *, services: int) -> None:
    """A place whose run still waits for the database, or for a lease, is asked for again, as a new request."""
    ask, refused = asks.Deploy(f"api-{number % services}", "v2"), 0
    while True:
        try:
            reply = await made.reception.handle(ask, by=RILEY, key=f"through/{number}/{refused}")
        except StoreUnavailable:
            await asyncio.sleep(_AGAIN)
            continue
        if reply.did == "started":
            return tell("ready", str(reply.facts["run"]))
        if reply.refused != "busy":
            raise RuntimeError(f"not started: {reply}")
        refused += 1
        await asyncio.sleep(_AGAIN)


def main() -> None:
    """As the package says; `prepare` gets the owner's address, the others the bot's.

    `through URL COUNT AT_ONCE` asks and works in one process, and tells `done` at the end.
    """
    match sys.argv[1:]:
        case ["prepare", owner, url]:
            migrate(owner)
            grant_login(owner, url)
        case ["work", url, _, slots, *rest]:
            asyncio.run(_work(url, slots=int(slots), hangs=rest == ["hangs"]))
        case ["through", url, count, at_once]:
            asyncio.run(_through(url, count=int(count), at_once=int(at_once)))
        case ["ask", url, count, steps, gap, prefix]:
            asyncio.run(_ask(url, count=int(count), steps=int(steps), gap=float(gap), prefix=prefix))


if __name__ == "__main__":
    main()
