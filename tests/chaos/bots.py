"""The processes of the bot: started, killed, stopped and woken; one that ended by itself is started again."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.tether import tethered

_LOOK = 0.5  # seconds


@dataclass
class Bot:
    """One of them, whichever process it is just now."""

    number: int
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    port: int = 0  # where it takes signed HTTP; 0: it holds a socket
    standing: bool = False  # stopped by SIGSTOP
    wanted: bool = True  # whether it is to run

    @property
    def up(self) -> bool:
        """Whether its process is there and goes on."""
        return self.process is not None and self.process.returncode is None and not self.standing


@dataclass
class Bots:
    """All of them."""

    every: Sequence[Bot]
    kills: int = 0
    stops: int = 0
    ended: list[str] = field(default_factory=list)  # which ended by itself, and how

    async def start(self, bot: Bot) -> None:
        """Start it, where it does not run."""
        bot.wanted = True
        if bot.process is not None and bot.process.returncode is None:
            return
        with bot.log.open("ab") as log:
            bot.process = await asyncio.create_subprocess_exec(
                *tethered([sys.executable, "-m", "tests.chaos.serving"]), env=bot.environment, stdout=log, stderr=log
            )

    async def kill(self, bot: Bot) -> None:
        """SIGKILL; it stays down until it is started."""
        bot.wanted = bot.standing = False
        if bot.process is not None and bot.process.returncode is None:
            self.kills += 1
            bot.process.kill()
            await bot.process.wait()

    def stop(self, bot: Bot) -> None:
        """SIGSTOP."""
        assert bot.process is not None
        self.stops += 1
        bot.standing = True
        bot.process.send_signal(signal.SIGSTOP)

    def wake(self, bot: Bot) -> None:
        """SIGCONT."""
        bot.standing = False
        if bot.process is not None and bot.process.returncode is None:
            bot.process.send_signal(signal.SIGCONT)

    async def tend(self) -> None:
        """Start anew what ended by itself, as a supervisor does; until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            for bot in self.every:
                if bot.wanted and bot.process is not None and (code := bot.process.returncode) is not None:
                    self.ended.append(f"bot {bot.number}: exit code {code}")
                    await self.start(bot)

    async def end(self) -> None:
        """SIGTERM, and SIGKILL for what does not end by it."""
        for bot in self.every:
            bot.wanted = False
            self.wake(bot)
            if bot.process is not None and bot.process.returncode is None:
                bot.process.terminate()
        for bot in self.every:
            if bot.process is None:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(30):
                    await bot.process.wait()
            if bot.process.returncode is None:
                bot.process.kill()
                await bot.process.wait()


def inherited() -> dict[str, str]:
    """What of our own environment a process needs."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
