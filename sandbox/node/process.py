"""One run of a container: a process group with its output in a log."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from sandbox.node.log import Log
from sandbox.tether import tethered

_CHUNK = 64 * 1024
_LAST_WORDS_SECONDS = 1  # how long output may still come after the process has ended
_SIGNALLED = 128


class Process:
    """A process that leads a group of its own, and dies with the node."""

    def __init__(self, process: asyncio.subprocess.Process, copying: asyncio.Task[None]) -> None:
        self._process = process
        self._copying = copying

    @classmethod
    async def start(cls, command: Sequence[str], *, files: Path, variables: Mapping[str, str], log: Log) -> Self:
        """Run `command` in `files` with nothing but `variables`; its output goes to `log`, ended with it."""
        readable, writable = os.pipe()
        copying = asyncio.create_task(_copy(readable, log))
        try:
            process = await asyncio.create_subprocess_exec(
                *tethered(command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writable,
                stderr=writable,
                cwd=files,
                env=dict(variables),
                start_new_session=True,
            )
        finally:
            os.close(writable)
        return cls(process, copying)

    @property
    def pid(self) -> int:
        """The process's id, which is its group's."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit code, 128 and the signal's number if one ended it; what is left of the group is killed."""
        try:
            code = await self._process.wait()
        finally:
            self.kill()
            await self._process.wait()
            await self._last_words()
        return code if code >= 0 else _SIGNALLED - code

    async def end(self, grace_seconds: float) -> None:
        """Ask it to end, and kill it when it has not within the grace; may be asked again with a shorter one."""
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), grace_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the whole group."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _last_words(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._copying, _LAST_WORDS_SECONDS)


async def _copy(descriptor: int, log: Log) -> None:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    connect = asyncio.get_running_loop().connect_read_pipe
    transport, _ = await connect(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        while chunk := await reader.read(_CHUNK):
            log.write(chunk)
    finally:
        transport.close()
        log.end()
