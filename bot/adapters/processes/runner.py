"""Runs commands as processes beside the bot, each under a supervisor that ends it when the bot is gone.

A command gets a folder of its own as home and working directory, an allow-listed environment, no input, and a
session of its own. A bot that is killed or stopped leaves nothing running for longer than its lease.
"""

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot.adapters.processes import supervisor
from bot.adapters.processes.output_buffer import OutputBuffer
from runbooks.steps.command import Ran, Task
from runbooks.steps.output import span

Report = Callable[[str], Awaitable[None]]

_ALLOWED = ("PATH", "LANG", "LC_ALL", "TZ")
# Of a lease: with the 0.3 between its renewals they make a whole one, so a command is gone before it lapses.
_BEAT, _SILENCE, _GRACE = 0.1, 0.5, 0.2  # the grace stands between SIGTERM and SIGKILL
_REPORT_SECONDS = 2.0
_LAST_WORDS_SECONDS = 2.0  # how long output may come after the end, should a descendant be beyond signals
_CHUNK = 65536


class LocalProcesses:
    """A LocalRunner. `folder` holds the commands' own folders; `environment` is the bot's, to pick from."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, lease_seconds: float = 10) -> None:
        self._folder = folder
        self._lease_seconds = lease_seconds
        self._allowed = {name: environment[name] for name in _ALLOWED if name in environment}

    async def run(self, task: Task, report: Report) -> Ran:
        """Run it to its end. When the call is cancelled the command ends before it returns."""
        output = OutputBuffer()
        async with self._supervised(task) as (printed, control):
            reading = asyncio.create_task(_read(printed, output, report))
            ending = asyncio.create_task(control.readline())
            try:
                await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait({reading}, timeout=_LAST_WORDS_SECONDS)
                if reading.done():
                    reading.result()
                said = await ending
            finally:
                reading.cancel()
                ending.cancel()
        return _ran(task, said, output.text())

    @asynccontextmanager
    async def _supervised(self, task: Task) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamReader]]:
        """The command under its supervisor: its output, and what the supervisor says; ended on the way out."""
        async with AsyncExitStack() as stack:
            home = await asyncio.to_thread(self._home, task)
            stack.callback(shutil.rmtree, home, ignore_errors=True)  # for when the supervisor could not
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            readable, writable = os.pipe()
            with theirs, os.fdopen(writable, "wb", 0):
                printed, pipe = await _piped(readable)
                stack.callback(pipe.close)
                process = await self._start(task, home, control=theirs.fileno(), output=writable)
            stack.push_async_callback(process.wait)
            control, writer = await asyncio.open_connection(sock=ours)
            stack.callback(writer.close)
            stack.callback(asyncio.create_task(_beat(ours, every=_BEAT * self._lease_seconds)).cancel)
            yield printed, control

    def _home(self, task: Task) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        return tempfile.mkdtemp(prefix=f"{task.name}-", dir=self._folder)

    async def _start(self, task: Task, home: str, *, control: int, output: int) -> asyncio.subprocess.Process:
        limits = (_SILENCE * self._lease_seconds, task.timeout.total_seconds(), _GRACE * self._lease_seconds)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(supervisor.__file__),
            str(control),
            *map(str, limits),
            home,
            *task.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(control,),
            env=self._allowed | {"HOME": home, "TMPDIR": home} | dict(task.env),
            start_new_session=True,
        )


async def _piped(readable: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(readable, "rb", 0)
    )
    return reader, transport


async def _beat(control: socket.socket, *, every: float) -> None:
    """By the socket itself: one that comes after the supervisor's end must not take away what that has said."""
    while True:
        with suppress(OSError):
            control.send(b".")
        await asyncio.sleep(every)


async def _read(printed: asyncio.StreamReader, output: OutputBuffer, report: Report) -> None:
    """Take in output to its end, and tell of it in time with people."""
    now = asyncio.get_running_loop().time
    told, at = "", now()
    while True:
        try:
            async with asyncio.timeout_at(at if output.latest() != told else None):
                data = await printed.read(_CHUNK)
        except TimeoutError:
            told, at = output.latest(), now() + _REPORT_SECONDS
            await report(told)
            continue
        if not data:
            return
        output.add(data)


def _ran(task: Task, said: bytes, output: str) -> Ran:
    end: dict[str, Any] = json.loads(said) if said else {"why": "lost"}
    why = {
        "exit": "",
        "time-out": f"it was ended after its time-out of {span(task.timeout)}",
        "not-started": f"{task.argv[0]} could not be started: {end.get('detail')}",
        "silent": "it was ended because the bot stood still for too long",
    }.get(end["why"], "it was ended from outside")
    return Ran(end.get("code") if not why else None, output, end.get("seconds", 0.0), why)
