"""Commands beside the bot: what they get, what comes back, and that nothing of them outlives their end."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from bot.adapters.processes.runner import LocalProcesses
from runbooks.steps.command import Task
from runbooks.store import LeaseLost
from sandbox.waiting import until
from tests.adapters.tasks import task

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 10
FAMILY = """
import os, signal, sys

def stay(ignored=signal.SIGUSR1):
    signal.signal(ignored, signal.SIG_IGN)
    with open(sys.argv[1], "a") as pids:
        pids.write(f"{os.getpid()}\\n")
    while True:
        signal.pause()

if os.fork() == 0:
    stay()
if os.fork() == 0:  # one that leaves: its own session, its parent gone, deaf to SIGTERM
    os.setsid()
    os.fork() and os._exit(0)
    stay(signal.SIGTERM)
stay()
"""
MEMBERS = 3


def python(code: str, *args: str, timeout: float = 60, **env: str) -> Task:
    return task(sys.executable, "-c", code, *args, timeout=timeout, **env)


async def unheard(_output: str) -> None:
    pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "commands"


@pytest.fixture
def runner(folder: Path) -> LocalProcesses:
    return LocalProcesses(folder, {"PATH": os.environ["PATH"], "TZ": "UTC", "SLACK_BOT_TOKEN": "canary"})


async def test_what_a_command_prints_and_answers_comes_back(runner: LocalProcesses) -> None:
    ran = await runner.run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), unheard)
    assert sorted(ran.output.split()) == ["err", "out"]
    assert (ran.exit_code, ran.why) == (3, "")
    assert 0 < ran.seconds < 60


async def test_it_gets_a_home_of_its_own_no_input_and_no_environment_of_the_bots(
    runner: LocalProcesses, folder: Path
) -> None:
    code = "import os, sys; print(dict(os.environ), repr(sys.stdin.read()), os.getcwd(), os.getsid(0) == os.getpid())"
    ran = await runner.run(python(code, LEVEL="high"), unheard)
    environment, rest = ran.output.split("}")
    values = eval(environment + "}")  # noqa: S307 # printed by the line above
    assert set(values) - {"LC_CTYPE"} == {"PATH", "TZ", "HOME", "TMPDIR", "LEVEL"}
    assert Path(values["HOME"]).parent == folder
    assert rest.split() == ["''", values["HOME"], "True"]
    assert listed(folder) == []


async def test_what_can_not_be_started_is_said(runner: LocalProcesses) -> None:
    ran = await runner.run(task("no-such-program"), unheard)
    assert ran.exit_code is None
    assert ran.why == "no-such-program could not be started: No such file or directory"


async def test_an_end_by_a_signal_has_its_usual_code(runner: LocalProcesses) -> None:
    ran = await runner.run(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), unheard)
    assert ran.exit_code == 128 + signal.SIGKILL


async def test_a_time_out_ends_the_whole_family(runner: LocalProcesses, tmp_path: Path) -> None:
    running = asyncio.create_task(runner.run(python(FAMILY, str(tmp_path / "pids"), timeout=3), unheard))
    with watched(await members(tmp_path / "pids")) as processes:
        ran = await running
        assert gone(processes, within=0)
    assert (ran.exit_code, ran.why) == (None, "it was ended after its time-out of 3 s")


async def test_cancelling_ends_the_whole_family_first(runner: LocalProcesses, tmp_path: Path, folder: Path) -> None:
    running = asyncio.create_task(runner.run(python(FAMILY, str(tmp_path / "pids")), unheard))
    with watched(await members(tmp_path / "pids")) as processes:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert gone(processes, within=0)
    assert listed(folder) == []


async def test_what_a_command_leaves_behind_ends_with_it(runner: LocalProcesses, tmp_path: Path) -> None:
    left = FAMILY.rpartition("stay()")[0]
    running = asyncio.create_task(
        runner.run(
            python(f"{left}\ninput_ = open(sys.argv[2]).read()", str(tmp_path / "pids"), fifo(tmp_path)), unheard
        )
    )
    with watched(await members(tmp_path / "pids", count=MEMBERS - 1)) as processes:
        (tmp_path / "go").write_text("on")
        ran = await running
        assert gone(processes, within=0)
    assert ran.exit_code == 0


def fifo(folder: Path) -> str:
    os.mkfifo(folder / "go")
    return str(folder / "go")


async def test_the_latest_lines_are_told_at_once_and_then_seldom(runner: LocalProcesses, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []

    async def hear(output: str) -> None:
        told.append((time.monotonic(), output.splitlines()[-1]))
        if len(told) == 3:
            (tmp_path / "go").write_text("on")

    code = """
import os, select, sys
with open(os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)) as go:
    n = 0
    while not go.read():
        print("line", n := n + 1, flush=True)
        select.select([], [], [], 0.01)
"""
    ran = await runner.run(python(code, fifo(tmp_path)), hear)
    assert ran.exit_code == 0
    numbers = [int(line.removeprefix("line ")) for _, line in told]
    assert numbers == sorted(set(numbers))
    assert all(later - sooner >= 1.9 for (sooner, _), (later, _) in pairwise(told))


async def test_how_it_ended_is_heard_though_a_beat_comes_after_its_end(
    runner: LocalProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.processes.runner._BEAT", 1e-9)  # of a lease: one in each turn of the loop

    async def busy(output: str) -> None:
        """Nothing else has a turn until the supervisor is gone; then a beat has it before what it left is read."""
        with watched([int(output)]) as [supervisor]:
            (tmp_path / "go").write_text("on")
            assert gone([supervisor], within=20)

    code = "import os, sys; print(os.getppid(), flush=True); open(sys.argv[1]).read()"
    ran = await runner.run(python(code, fifo(tmp_path)), busy)
    assert (ran.exit_code, ran.why) == (0, "")


async def test_a_lease_lost_while_telling_ends_it_and_comes_out_as_itself(
    runner: LocalProcesses, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        processes: list[int] = []

        async def lost(_output: str) -> None:
            processes.extend(stack.enter_context(watched(await members(tmp_path / "pids"))))
            raise LeaseLost

        with pytest.raises(LeaseLost):
            await runner.run(python("print('begun', flush=True)" + FAMILY, str(tmp_path / "pids")), lost)
        assert len(processes) == MEMBERS
        assert gone(processes, within=0)


async def test_very_long_output_keeps_its_ends(runner: LocalProcesses) -> None:
    ran = await runner.run(python("for n in range(400_000): print('line', n)"), unheard)
    lines = ran.output.splitlines()
    assert (lines[0], lines[-1]) == ("line 0", "line 399999")
    assert len(ran.output) < 1_010_000
    assert sum("of the output is left out here" in line for line in lines) == 1
    assert all(line.startswith(("line ", "… ")) or not line for line in lines)


BOT = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from bot.adapters.processes.runner import LocalProcesses
from tests.adapters.test_local_runner import FAMILY, python, unheard
runner = LocalProcesses(Path(sys.argv[1]), {"PATH": sys.argv[3]})
print(asyncio.run(runner.run(python(FAMILY, sys.argv[2]), unheard)).why, flush=True)
"""


@contextmanager
def bot(folder: Path, pids: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", BOT, str(folder), str(pids), os.environ["PATH"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_bot_that_is_killed_leaves_nothing_running(folder: Path, tmp_path: Path) -> None:
    with bot(folder, tmp_path / "pids") as process, watched(await members(tmp_path / "pids")) as processes:
        process.kill()
        assert gone(processes, within=LEASE_SECONDS)
    await until(lambda: not listed(folder), what="the command's folder removed")


async def test_a_bot_that_is_stopped_leaves_nothing_running_and_says_so_when_it_wakes(
    folder: Path, tmp_path: Path
) -> None:
    with bot(folder, tmp_path / "pids") as process, watched(await members(tmp_path / "pids")) as processes:
        process.send_signal(signal.SIGSTOP)
        assert gone(processes, within=LEASE_SECONDS)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=20)
    assert said == "it was ended because the bot stood still for too long\n"


async def members(pids: Path, count: int = MEMBERS) -> list[int]:
    def known() -> list[int]:
        found = pids.read_text().splitlines(keepends=True) if pids.exists() else []
        return [int(line) for line in found] if len(found) == count and found[-1].endswith("\n") else []

    return await until(known, what="the whole family at work")


def listed(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


@contextmanager
def watched(pids: Sequence[int]) -> Iterator[list[int]]:
    handles = [os.pidfd_open(pid) for pid in pids]
    try:
        yield handles
    finally:
        for handle in handles:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)


def gone(processes: Sequence[int], *, within: float) -> bool:
    """Whether all end within so many seconds."""
    deadline = time.monotonic() + within
    return all(select.select([one], [], [], max(0, deadline - time.monotonic()))[0] for one in processes)
