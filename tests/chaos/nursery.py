"""Where the bot's processes come from: one parent that has imported everything, and forks."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from sandbox.tether import tethered


class Process:
    """One process; `returncode` as asyncio has it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def send_signal(self, number: signal.Signals) -> None:
        """To a process that may be gone."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def wait(self) -> None:
        """Until it has ended."""
        await self._ended.wait()

    def over(self, code: int) -> None:
        """It has ended."""
        self.returncode = code
        self._ended.set()


class Nursery:
    """The parent; an async context manager. Its children end with it, and it with us."""

    def __init__(self, folder: Path, *, budgets: int) -> None:
        self._log = folder / "nursery.log"
        self._budgets = budgets
        self._children: dict[int, Process] = {}
        self._asked: list[asyncio.Future[Process]] = []

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._parent = await asyncio.create_subprocess_exec(
                *tethered([sys.executable, "-m", "tests.chaos.serving"]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._parent.kill()
        await self._parent.wait()
        await self._reading

    async def start(self, environment: Mapping[str, str], log: Path) -> Process:
        """Another process of `opsbot serve`."""
        assert self._parent.stdin is not None
        born: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._asked.append(born)
        asked = {"environment": dict(environment), "log": str(log), "budgets": self._budgets}
        self._parent.stdin.write(f"{json.dumps(asked)}\n".encode())
        return await born

    async def _read(self) -> None:
        assert self._parent.stdout is not None
        async for line in self._parent.stdout:
            word, pid, *code = line.decode().split()
            if word == "started":
                self._children[int(pid)] = Process(int(pid))
                self._asked.pop(0).set_result(self._children[int(pid)])
            else:
                self._children.pop(int(pid)).over(int(code[0]))
