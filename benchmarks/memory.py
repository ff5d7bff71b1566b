"""Memory of one process that took and worked 10,000 runs."""

from pathlib import Path

from benchmarks.contest import Contestant, Program
from benchmarks.table import Row

EARLY, RUNS, AT_ONCE = 500, 10_000, 32
LONGEST = 900.0  # seconds
MIB = 1024  # KiB


async def measure(opsbot: Contestant) -> list[Row]:
    """Resident, after the first runs and after all."""
    async with opsbot.runs("through", RUNS, AT_ONCE) as process:
        await process.until("ended", EARLY, seconds=LONGEST)
        early = _resident(process)
        await process.until("done", seconds=LONGEST)
        late = _resident(process)
        ended = process.of("ended")
        rate = (len(ended) - EARLY) / (ended[-1].at - ended[EARLY - 1].at)
    return [
        Row(
            f"memory after {RUNS:,} runs, taken and worked by one process",
            f"{late / MIB:.0f} MiB",
            f"after {EARLY}: {early / MIB:.0f} MiB",
            ratio=late / early,
        ),
        Row("runs of one step a second, taken and worked by one process", f"{rate:.0f}"),
    ]


def _resident(program: Program) -> int:
    """KiB."""
    lines = Path(f"/proc/{program.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))
