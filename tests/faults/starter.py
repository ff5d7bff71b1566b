"""Starts processes of `tests.faults.serving`, and sees each of them end."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from sandbox.tether import tethered


class Serving:
    """One process, which is no child of this one: it is known by a descriptor, and `ended` once it is gone."""

    def __init__(self, process: int) -> None:
        self.ended = asyncio.Event()
        self._descriptor = os.pidfd_open(process)
        asyncio.get_running_loop().add_reader(self._descriptor, self._gone)

    async def kill(self) -> None:
        """SIGKILL, unless it has ended; it has when this returns."""
        if not self.ended.is_set():
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            await self.ended.wait()

    def _gone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self.ended.set()


class Starter:
    """An async context manager; the processes end with it."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        command = tethered([sys.executable, "-m", "tests.faults.serving"])
        self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.communicate()

    async def start(self, environment: Mapping[str, str]) -> Serving:
        """`opsbot serve` in this environment."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        async with self._turn:
            process.stdin.write(f"{json.dumps(dict(environment))}\n".encode())
            return Serving(int(await process.stdout.readline()))
