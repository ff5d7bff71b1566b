"""How much is still done while PostgreSQL is restarted every 20 seconds, and whether anything is lost."""

import asyncio
from contextlib import suppress

from benchmarks.contest import Contestant, Program
from benchmarks.table import Row
from sandbox.postgres import PostgresServer
from sandbox.waiting import until

EVERY, TIMES = 20.0, 3  # seconds, restarts
AT_ONCE = 32  # runs under way
RUNS = 100_000  # more than are done
LEFT = 60.0  # seconds for what is under way to end


async def measure(server: PostgresServer, opsbot: Contestant) -> list[Row]:
    """Runs a second without and with restarts; the server is restarted while nothing else is measured."""
    async with opsbot.runs("through", RUNS, AT_ONCE) as process:
        await process.until("ended", AT_ONCE)
        quiet = await _ended_a_second(process, EVERY)
        began, before = asyncio.get_running_loop().time(), len(process.of("ended"))
        for number in range(1, TIMES + 1):
            await asyncio.to_thread(_restart, server)
            await asyncio.sleep(began + EVERY * number - asyncio.get_running_loop().time())
        restarted = (len(process.of("ended")) - before) / (EVERY * TIMES)
        process.process.kill()
    lost = await _lost(opsbot, process)
    return [
        Row(
            f"runs a second while PostgreSQL restarts every {EVERY:.0f} s",
            f"{restarted:.0f}",
            f"without: {quiet:.0f}",
            ratio=restarted / quiet,
        ),
        Row("its acknowledged and lost", f"{lost} of {len(process.of('ready'))}", aim="none", held=not lost),
    ]


async def _ended_a_second(process: Program, seconds: float) -> float:
    before = len(process.of("ended"))
    await asyncio.sleep(seconds)
    return (len(process.of("ended")) - before) / seconds


def _restart(server: PostgresServer) -> None:
    server.stop()
    server.start()


async def _lost(opsbot: Contestant, process: Program) -> int:
    """What was acknowledged and had not ended is ended by another process; how much is not."""
    ready, ended = ({told.item for told in process.of(word)} for word in ("ready", "ended"))
    left = ready - ended
    async with opsbot.works() as other:
        with suppress(TimeoutError):
            await until(lambda: not left - {told.item for told in other.of("ended")}, seconds=LEFT)
        return len(left - {told.item for told in other.of("ended")})
