"""The parts of the sandbox's node that need no cluster: processes, logs, the spread port, probes, environments."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.node.environment import command, expand
from sandbox.node.log import Log, Wanted
from sandbox.node.ports import Ports
from sandbox.node.probes import Probe
from sandbox.node.process import Process
from sandbox.node.spread import Spreader
from sandbox.node.status import ContainerStatus, Running, Terminated, Waiting, pod_status
from sandbox.waiting import until

NOW = datetime(2026, 1, 7, 10, 30, tzinfo=UTC)
POD = {"metadata": {"name": "api", "namespace": "staging", "uid": "u", "generation": 3}, "spec": {}}
PATH = {"PATH": os.environ["PATH"]}


async def _lines(log: Log, wanted: Wanted = Wanted()) -> list[str]:  # noqa: B008 # it is frozen
    return [line.decode().rstrip("\n") async for line in log.read(wanted)]


async def _run(tmp_path: Path, code: str) -> tuple[int, list[str]]:
    log = Log(tmp_path / "log")
    process = await Process.start([sys.executable, "-c", code], files=tmp_path, variables=PATH, log=log)
    return await process.wait(), await _lines(log)


async def test_a_process_leaves_its_exit_code_and_both_of_its_outputs(tmp_path: Path) -> None:
    code = "import os, sys; print('out', flush=True); print(os.getcwd(), file=sys.stderr); sys.exit(3)"
    assert await _run(tmp_path, code) == (3, ["out", str(tmp_path)])


async def test_a_signal_shows_as_128_and_its_number(tmp_path: Path) -> None:
    assert (await _run(tmp_path, "import os; os.kill(os.getpid(), 9)"))[0] == 137


async def test_it_has_no_variables_but_those_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_OF_THE_NODE", "1")
    assert (await _run(tmp_path, "import os; print('SOMETHING_OF_THE_NODE' in os.environ)"))[1] == ["False"]


async def test_one_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    process = await Process.start([sys.executable, "-c", code], files=tmp_path, variables=PATH, log=log)
    async with aclosing(log.read(Wanted(follow=True))) as lines:
        assert await anext(lines) == b"deaf\n"
    await process.end(0.1)
    assert await process.wait() == 137


async def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    child = "import signal; print('up', flush=True); signal.pause()"
    code = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); print(p.pid, flush=True)"
    )
    _, lines = await _run(tmp_path, code)
    orphan = int(lines[0])
    await until(lambda: not _alive(orphan), what="the grandchild has ended")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_log_is_read_by_tail_time_and_stamp(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"one\ntw")
    log.write(b"o\nthree")
    assert await _lines(log) == ["one", "two"]
    log.end()
    assert await _lines(log, Wanted(tail=2)) == ["two", "three"]
    assert await _lines(log, Wanted(tail=0)) == []
    stamped = (await _lines(log, Wanted(timestamps=True)))[0].split(" ")
    assert stamped[1] == "one"
    written = datetime.fromisoformat(stamped[0])
    assert await _lines(log, Wanted(since=written)) == ["one", "two", "three"]
    assert await _lines(log, Wanted(since=datetime.now(UTC) + timedelta(seconds=1))) == []


async def test_a_follower_sees_every_line_and_is_let_go_at_the_end(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write(b"before\n")
    follower = asyncio.create_task(_lines(log, Wanted(follow=True)))
    for number in range(100):
        log.write(b"%d\n" % number)
        await asyncio.wait({follower}, timeout=0)
    log.end()
    assert await asyncio.wait_for(follower, 5) == ["before", *map(str, range(100))]


@asynccontextmanager
async def _answering(text: str) -> AsyncIterator[int]:
    """An HTTP server that always says `text`; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = text.partition(" ")[0] if text[0].isdigit() else "200"
        writer.write(f"HTTP/1.0 {status} X\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def _spread(ports: Sequence[int]) -> AsyncIterator[int]:
    spreader = Spreader(lambda: ports)
    try:
        yield await spreader.open()
    finally:
        await spreader.close()


async def _ask(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer.decode()


async def test_connections_go_to_the_ready_ones_in_turn() -> None:
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(_answering(text)) for text in ("one", "two", "three")]
        port = await stack.enter_async_context(_spread(ports))
        answers = [(await _ask(port)).rpartition("\n")[2] for _ in range(6)]
    assert sorted(answers[:3]) == sorted(answers[3:]) == ["one", "three", "two"]


async def test_one_that_has_just_ended_is_passed_over() -> None:
    ports = Ports()
    async with _answering("alive") as alive, _spread([ports.take(), alive]) as port:
        assert [(await _ask(port)).endswith("alive") for _ in range(4)] == [True] * 4


async def test_a_pod_that_hangs_up_without_an_answer_is_not_waited_for() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.transport.abort()

    ports: list[int] = []
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server, _spread(ports) as port:
        ports.append(server.sockets[0].getsockname()[1])
        assert await _ask(port) == ""


async def test_none_ready_is_a_503_at_the_same_port() -> None:
    ready: list[int] = []
    async with _answering("alive") as alive, _spread(ready) as port:
        assert (await _ask(port)).startswith("HTTP/1.1 503")
        ready.append(alive)
        assert (await _ask(port)).endswith("alive")
        ready.clear()
        assert (await _ask(port)).startswith("HTTP/1.1 503")


def test_no_port_is_given_twice() -> None:
    ports = Ports()
    given = [ports.take() for _ in range(50)]
    assert len(set(given)) == 50


async def test_a_probe_decides_after_enough_failures_in_a_row() -> None:
    probe = Probe.of({"httpGet": {"path": "/", "port": 1}, "periodSeconds": 0.01, "failureThreshold": 3})
    assert probe is not None
    async with _answering("503 no") as port, aclosing(probe.results(port)) as results:
        found = [await anext(results) for _ in range(4)]
    assert [result.decided for result in found] == [False, False, True, True]
    assert found[0].fault == "HTTP probe failed with statuscode: 503"


async def test_a_probe_that_passes_is_decided_at_once() -> None:
    probe = Probe.of({"httpGet": {"path": "/", "port": 1}})
    assert probe is not None
    async with _answering("fine") as port, aclosing(probe.results(port)) as results:
        result = await anext(results)
    assert (result.fault, result.decided) == (None, True)


_ENDED = Terminated(1, NOW, NOW)
_BACK_OFF = ContainerStatus("api", "i", state=Waiting("CrashLoopBackOff"), last=_ENDED)


@pytest.mark.parametrize(
    ("container", "phase", "ready"),
    [
        (ContainerStatus("api", "i"), "Pending", "False"),
        (ContainerStatus("api", "i", state=Running(NOW)), "Running", "False"),
        (ContainerStatus("api", "i", state=Running(NOW), ready=True), "Running", "True"),
        (_BACK_OFF, "Running", "False"),
        (ContainerStatus("api", "i", state=_ENDED), "Running", "False"),
        (ContainerStatus("api", "i", state=_ENDED, over=True), "Failed", "False"),
        (ContainerStatus("api", "i", state=Terminated(0, NOW, NOW), over=True), "Succeeded", "False"),
        (ContainerStatus("api", "i", over=True), "Failed", "False"),
    ],
)
def test_phase_and_readiness_follow_from_the_container(container: ContainerStatus, phase: str, ready: str) -> None:
    status = pod_status(POD, [container], address="127.0.0.1", before={}, now=NOW)
    assert status["phase"] == phase
    assert {one["type"]: one["status"] for one in status["conditions"]}["Ready"] == ready


def test_a_condition_keeps_its_time_until_it_turns() -> None:
    running = ContainerStatus("api", "i", state=Running(NOW), ready=True)
    before = pod_status(POD, [running], address="127.0.0.1", before={}, now=NOW)
    later = NOW + timedelta(minutes=1)
    same = pod_status(POD, [running], address="127.0.0.1", before=before, now=later)
    assert same == before
    turned = pod_status(POD, [_BACK_OFF], address="127.0.0.1", before=before, now=later)
    times = {one["type"]: one["lastTransitionTime"] for one in turned["conditions"]}
    assert times["Ready"] == "2026-01-07T10:31:00Z"
    assert times["PodScheduled"] == "2026-01-07T10:30:00Z"


def test_references_are_expanded_as_kubernetes_does() -> None:
    known = {"HOST": "db", "PORT": "5432"}
    assert expand("$(HOST):$(PORT)/$(UNKNOWN) $$(HOST)", known) == "db:5432/$(UNKNOWN) $(HOST)"
    assert command({"command": ["python", "-m", "x"], "args": ["$(HOST)"]}, known) == ["python", "-m", "x", "db"]
    assert command({}, {})[-2:] == ["-m", "backend_py"]
